/** A result with the time at which it was made, in milliseconds since 1970. */
export interface Timed {
  resultAt: number;
  result: unknown;
}

/**
 * Returns the result of an activity, and sets the workflow's clock to the time at which it was made, until the next activation.
 *
 * The time of an activation depends on more than the history. When a workflow task waits in vain for a worker that is gone, the next worker gets the
 * result with the time of the task before, a later replay with that of the task after. What is decided by that time (`due <= now()`) may then differ,
 * and the workflow would be stuck for good: [measured: worker killed in a rotation, TMPRL1100]. The time in the result is the same for both.
 * Results of before, and those of other workers' activities, have none and leave the clock as it is.
 */
export function take<T>(timed: T, clock: Clock | undefined = workflowClock()): T {
  if (!isTimed(timed)) return timed;
  if (clock !== undefined) clock.now = timed.resultAt;
  return timed.result as T;
}

/** What Date.now() answers in workflow code. [@temporalio/workflow 1.24: global-overrides] */
interface Clock {
  now: number;
}

const workflowClock = (): Clock | undefined =>
  (globalThis as { __TEMPORAL_ACTIVATOR__?: Clock }).__TEMPORAL_ACTIVATOR__;

function isTimed(value: unknown): value is Timed {
  return (
    typeof value === 'object' &&
    value !== null &&
    'resultAt' in value &&
    Object.keys(value).every((key) => key === 'resultAt' || key === 'result')
  );
}
