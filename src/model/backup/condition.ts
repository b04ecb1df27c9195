import type { ConditionResult } from '../conditions.js';
import type { ClusterState } from '../state.js';
import { freshUntil } from './schedule.js';

export const BACKUP_FRESH = 'BackupFresh';

/**
 * Returns whether the newest backup is as young as the schedule promises. The text names no time while it holds: it would change with each
 * backup, and status.yaml with it.
 *
 * @param now ISO 8601
 */
export function backupFresh(state: ClusterState, now: string): ConditionResult[] {
  const { backup: spec } = state.document.spec;
  const { name } = state.document.metadata;
  const { at, problem } = state.backup;
  const since = at ?? state.initializedAt;
  if (spec === undefined) return [];
  const type = BACKUP_FRESH;
  if (since === null)
    return [{ type, status: 'Unknown', reason: 'NotYet', message: 'the cluster was never up', hint: '' }];
  const until = freshUntil(spec.schedule, since);
  const failed = problem === null ? '' : `; the last try failed: ${problem.code}: ${problem.message}`;
  if (until !== null && now <= until)
    return [
      {
        type,
        status: 'True',
        reason: 'OnSchedule',
        message: `backups are taken at ${spec.schedule} (UTC)${failed}`,
        hint: '',
      },
    ];
  return [
    {
      type,
      status: 'False',
      reason: at === null ? 'Missing' : 'Stale',
      message: `${at === null ? 'there is no backup yet' : `the newest backup is of ${at}`}, and the schedule is ${spec.schedule} (UTC)${failed}`,
      hint: problem?.hint ?? `keelson backup ${name} --wait takes one now and says what is in the way`,
    },
  ];
}
