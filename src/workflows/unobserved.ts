import type { ErrorDetail } from '../activities/api.js';
import {
  causesOf,
  type ErrorNote,
  type ObservationFailure,
  SUBJECTS,
  type Subject,
  sameFailures,
  withSince,
} from '../model/observation-failure.js';
import type { ClusterState } from '../model/state.js';
import type { WatchReport } from '../model/watch/report.js';
import { type Cluster, emit, errorRecordOf, now } from './cluster-context.js';

/** An error of an activity, as a failure to observe these subjects. */
export function failuresOf(error: unknown, subjects: readonly Subject[]): ObservationFailure[] {
  const note = noteOf(error);
  return subjects.map((subject) => ({ subject, ...note }));
}

/** What an activity could not see beside what it saw. */
export const failureFrom = (error: ErrorDetail, subject: Subject): ObservationFailure => ({
  subject,
  code: error.code,
  class: error.class,
  message: error.message,
  hint: error.advice,
  since: now(),
});

/** Whether the region has no watch, as far as the cluster knows. */
export const isUnwatched = ({ state }: Cluster): boolean =>
  state.unobserved.region.some(({ code }) => code === 'RegionNotWatched');

/** What a condition tells of an error of an activity. */
export function noteOf(error: unknown): ErrorNote {
  const { code, class: errorClass, message, advice, at } = errorRecordOf(error, { id: 'observe', slot: null }, null, 1);
  return { code, class: errorClass, message, hint: advice, since: at };
}

/** Takes over what the cluster itself could not observe; nothing when all was observed. */
export function takeFailures(cluster: Cluster, failures: readonly ObservationFailure[]): void {
  take(cluster, 'own', failures);
}

/** Takes over what the region watch says of its own sight. */
export function takeReport(cluster: Cluster, { at, failures }: WatchReport): void {
  const { watchedAt } = cluster.state;
  // One that was overtaken on its way says nothing any more.
  if (watchedAt !== null && at < watchedAt) return;
  cluster.state.watchedAt = at;
  take(cluster, 'region', failures);
}

/** The region watch could not be started, or was: null. */
export function takeWatch(cluster: Cluster, error: unknown): void {
  if (error !== null) {
    // The next observation of the cluster's own asks for the watch again.
    cluster.state.blindLooks = Math.max(1, cluster.state.blindLooks);
    const failures = failuresOf(error, SUBJECTS);
    take(
      cluster,
      'region',
      failures.map((one) => ({
        ...one,
        code: 'RegionNotWatched',
        message: `the region watch cannot be started: ${one.message}`,
      })),
    );
  } else if (isUnwatched(cluster)) take(cluster, 'region', []);
}

/** What changes is told at once, as event, condition and health; what stays only costs the time since when. */
function take(cluster: Cluster, by: keyof ClusterState['unobserved'], latest: readonly ObservationFailure[]): void {
  const { state } = cluster;
  const before = state.unobserved[by];
  const failures = withSince(before, latest);
  state.unobserved = { ...state.unobserved, [by]: failures };
  if (sameFailures(before, failures)) return;
  const who = by === 'own' ? 'the cluster' : 'the region watch';
  for (const { code, message } of causesOf(failures))
    emit(cluster, 'Warning', 'ObservationFailed', `${who}: ${message.split('\n')[0] ?? code}`);
  if (failures.length === 0) {
    const since = before.map((one) => one.since).sort()[0] ?? now();
    emit(cluster, 'Normal', 'ObservedAgain', `${who} observes again what it could not since ${since}`);
  }
  cluster.present();
}
