import type { ConditionResult } from '../conditions.js';
import type { ClusterState } from '../state.js';

export const BACKUP_PROVEN = 'BackupProven';

const WEEK_MS = 7 * 86_400_000;
/** With `drill: weekly`: two consecutive drills are missing. */
const STALE_MS = 2 * WEEK_MS;

/**
 * Returns whether a backup was restored on a separate machine, and when. It says nothing about the serving cluster, so it does not affect
 * health.
 *
 * @param now ISO 8601
 */
export function backupProven({ document, drill }: ClusterState, now: string): ConditionResult[] {
  const { last } = drill;
  const { backup } = document.spec;
  const { name } = document.metadata;
  if (last === null && backup === undefined) return [];
  const type = BACKUP_PROVEN;
  const next =
    backup?.drill === 'weekly' ? 'the next drill is made by schedule' : `keelson drill ${name} --wait makes one`;
  if (last === null)
    return [
      { type, status: 'Unknown', reason: 'NeverDrilled', message: 'no backup was restored to try it', hint: next },
    ];
  const day = last.endedAt.slice(0, 16).replace('T', ' ');
  if (last.problem !== null) {
    const { code, message, hint } = last.problem;
    const what = last.backup === null ? '' : ` of backup ${last.backup}`;
    return [
      { type, status: 'False', reason: code, message: `the drill${what} at ${day} UTC failed: ${message}`, hint },
    ];
  }
  const proof = `backup ${last.backup} was restored at ${day} UTC: its marker and ${last.objects} objects are there`;
  if (backup?.drill === 'weekly' && Date.parse(now) - Date.parse(last.endedAt) > STALE_MS)
    return [
      {
        type,
        status: 'Unknown',
        reason: 'Stale',
        message: `${proof}; that is over two weeks ago`,
        hint: `keelson drill ${name} --wait`,
      },
    ];
  return [{ type, status: 'True', reason: 'Restored', message: proof, hint: '' }];
}
