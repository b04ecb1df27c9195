import type { ErrorClass } from './state.js';

/**
 * An error that a running activity retries itself, or what it waits for. It travels in the activity's heartbeats, because Temporal shows
 * nothing else of a running attempt. [docs: Temporal, activity heartbeats]
 */
export interface Trouble {
  code: string;
  class: ErrorClass;
  message: string;
  hint: string;
  /** Failures in a row; 0 for a wait without failures. */
  failures: number;
  /** When the first of them came, or the wait began, ISO 8601. */
  since: string;
  /** When the next try is due, ISO 8601; null if none is due. */
  nextAt: string | null;
}

/** An activity that Temporal, or the activity itself, retries. */
export interface Retry extends Trouble {
  /** Name of the activity, e.g. `launchInstance`. */
  activity: string;
  /** Number of the running or next attempt, from 1. */
  attempt: number;
}

/** Activities that write or observe: their failures hold up no step. */
const ASIDE: ReadonlySet<string> = new Set([
  'writeStatus',
  'ensureWatch',
  'observeInstances',
  'observeSecurityGroups',
  'tellUnobserved',
]);

/**
 * Returns the retry that best explains why an operation does not continue: one of a step before one of an observation, a failure before a
 * mere wait, then the one with the most failures.
 */
export function foremost(retries: readonly Retry[]): Retry | null {
  const rank = (one: Retry): number => (ASIDE.has(one.activity) ? 2 : 0) + (one.failures === 0 ? 1 : 0);
  return [...retries].sort((a, b) => rank(a) - rank(b) || b.failures - a.failures)[0] ?? null;
}
