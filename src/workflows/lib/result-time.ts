import { ActivityFailure, ApplicationFailure, sleep, TimeoutFailure } from '@temporalio/workflow';
import { inTurn } from '../cluster/in-turn.js';

/** A result with the time at which it was made, in milliseconds since 1970. */
export interface Timed {
  resultAt: number;
  result: unknown;
}

/** Second of the details of a failure: the first is what it is about. */
export interface FailedAt {
  failedAt: number;
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
  setClock(timed.resultAt, clock);
  // What the interceptor has put there: the activity's own result, of type T. [src/worker/result-time.ts]
  return timed.result as T;
}

/**
 * Sets the clock to the time of a failure, for the same reason: to the time that it says, or, after a time-out, to the end of that time.
 *
 * @param begunAt when the activity was asked for
 * @param limits of the activity, in milliseconds
 */
export function takeFailure(error: unknown, begunAt: number, limits: Limits, clock = workflowClock()): void {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const times = [failedAt(cause)];
  if (cause instanceof TimeoutFailure) {
    const limit = limits[String(cause.timeoutType)];
    // An attempt that was repeated before may have told its time.
    times.push(failedAt(cause.cause), limit === undefined ? null : begunAt + limit);
  }
  const known = times.filter((time) => time !== null);
  if (known.length > 0) setClock(Math.max(...known), clock);
}

/** How long an activity may take, by the kinds of time-outs. */
export type Limits = Readonly<Record<string, number>>;

/**
 * Waits so long. That the timer has fired proves that its time is over, whatever the time of the activation says: the clock shows that time
 * then, until the next activation.
 */
export async function elapse(ms: number, options?: Parameters<typeof sleep>[1]): Promise<void> {
  const due = Math.ceil(Date.now() + ms);
  await inTurn(sleep(ms, options));
  setClock(due, workflowClock());
}

/** What Date.now() answers in workflow code. [@temporalio/workflow 1.24: global-overrides] */
interface Clock {
  now: number;
}

// The SDK has no type for it: it is undefined outside of a workflow. [@temporalio/workflow 1.24: global-attributes]
const workflowClock = (): Clock | undefined =>
  (globalThis as { __TEMPORAL_ACTIVATOR__?: Clock }).__TEMPORAL_ACTIVATOR__;

function setClock(ms: number, clock: Clock | undefined): void {
  if (clock !== undefined) clock.now = ms;
}

function failedAt(error: unknown): number | null {
  // Any program may have made the failure: the number is checked.
  const said = error instanceof ApplicationFailure ? (error.details?.[1] as Partial<FailedAt> | undefined) : undefined;
  return typeof said?.failedAt === 'number' ? said.failedAt : null;
}

function isTimed(value: unknown): value is Timed {
  return (
    typeof value === 'object' &&
    value !== null &&
    'resultAt' in value &&
    Object.keys(value).every((key) => key === 'resultAt' || key === 'result')
  );
}
