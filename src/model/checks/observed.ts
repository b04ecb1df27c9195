import type { ConditionResult } from '../conditions.js';
import { causesOf, type ObservationFailure, type Subject } from '../observation-failure.js';
import type { ClusterState } from '../state.js';

/** Whether the cluster is observed, by whom and when. */
export const OBSERVED = 'Observed';

const NAMES: Record<Subject, string> = {
  instances: 'instances',
  groups: 'security groups',
  checks: 'status checks',
  agents: 'SSM agents',
  nodes: 'K3s',
  bucket: 'the bucket',
  events: 'events of the queue',
};

/** Returns what keeps the subject from being observed now; the cluster's own failure before the region watch's. */
export function hiding({ unobserved }: Pick<ClusterState, 'unobserved'>, subject: Subject): ObservationFailure | null {
  return [...unobserved.own, ...unobserved.region].find((one) => one.subject === subject) ?? null;
}

/** False from the first failed observation on: an unseen node is not healthy, and not broken either. */
export function observed(state: ClusterState): ConditionResult {
  const { own, region } = state.unobserved;
  const failures = [...own, ...region];
  const [first, ...others] = causesOf(failures);
  if (first !== undefined) {
    const subjects = [...new Set(failures.map(({ subject }) => NAMES[subject]))];
    const since = failures.map((one) => one.since).sort()[0];
    const message = [
      first.message.split('\n')[0],
      ...(others.length === 0 ? [] : [`and ${others.map(({ code }) => code).join(', ')}`]),
      `not observed since ${since}: ${subjects.join(', ')}`,
      own.length === 0 ? 'Keelson tries again within 40 s' : 'Keelson tries again after 30 s, then less often',
    ].join('; ');
    return { type: OBSERVED, status: 'False', reason: 'ObservationFailed', message, hint: first.hint };
  }
  const last = lastObservation(state);
  if (last === null) {
    const message = 'nothing was observed yet';
    return { type: OBSERVED, status: 'Unknown', reason: 'NotMeasured', message, hint: '' };
  }
  const message = `last observation ${last.at} by ${last.by}`;
  return { type: OBSERVED, status: 'True', reason: 'Seen', message, hint: '' };
}

function lastObservation({ checkedAt, watchedAt }: ClusterState): { at: string; by: string } | null {
  if (watchedAt !== null && watchedAt > checkedAt) return { at: watchedAt, by: 'the region watch' };
  return checkedAt === '' ? null : { at: checkedAt, by: 'the cluster itself' };
}
