import type { ErrorDetail } from '../../../activities/api.js';
import {
  causesOf,
  type ErrorNote,
  type ObservationFailure,
  SUBJECTS,
  type Subject,
  sameFailures,
  withSince,
} from '../../../model/observation-failure.js';
import type { ClusterState } from '../../../model/state.js';
import type { WatchReport } from '../../../model/watch/report.js';
import { errorRecordOf } from '../../lib/errors.js';
import { type Cluster, emit, now } from '../context.js';

/** Returns an error of an activity, as a failure to observe these subjects. */
export function failuresOf(error: unknown, subjects: readonly Subject[]): ObservationFailure[] {
  const note = noteOf(error);
  return subjects.map((subject) => ({ subject, ...note }));
}

/** Returns what an activity could not see beside what it saw. */
export const failureFrom = (error: ErrorDetail, subject: Subject): ObservationFailure => ({
  subject,
  code: error.code,
  class: error.class,
  message: error.message,
  hint: error.hint,
  since: now(),
});

/** Returns whether the region has no watch, as far as the cluster knows. */
export const isUnwatched = ({ state }: Cluster): boolean =>
  state.unobserved.region.some(({ code }) => code === 'RegionNotWatched');

/** Returns what a condition tells of an error of an activity. */
export function noteOf(error: unknown): ErrorNote {
  const { code, class: errorClass, message, hint, at } = errorRecordOf(error, { id: 'observe', slot: null }, null, 1);
  return { code, class: errorClass, message, hint: hint, since: at };
}

/** Takes over what the cluster itself could not observe; nothing when all was observed. */
export function takeFailures(cluster: Cluster, failures: readonly ObservationFailure[]): void {
  take(cluster, 'own', failures);
}

/** Takes over what the region watch says of its own observations. */
export function takeReport(cluster: Cluster, { at, failures }: WatchReport): void {
  const { watchedAt } = cluster.state;
  // A report that a newer one has overtaken says nothing.
  if (watchedAt !== null && at < watchedAt) return;
  // A worker whose clock is ahead must not hide what others, or the workflow of the watch, report after it.
  const latest = now();
  cluster.state.watchedAt = at < latest ? at : latest;
  take(cluster, 'region', failures);
}

/** Notes why the region watch could not be started; null once it was. */
export function takeWatch(cluster: Cluster, error: unknown): void {
  if (error !== null) {
    // The cluster's next observation asks for the watch again.
    cluster.state.failedObservations = Math.max(1, cluster.state.failedObservations);
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

/** Reports a change at once, as event, condition and health; what stays the same keeps its `since`. */
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
  cluster.status.publish();
}
