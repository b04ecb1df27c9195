import type { ErrorClass } from './state.js';

/**
 * What an activity that still runs has met and tries again for itself, or what it waits for. It travels in the activity's heartbeats, because
 * Temporal shows nothing else of an attempt that goes on. [docs: Temporal, activity heartbeats]
 */
export interface Trouble {
  code: string;
  class: ErrorClass;
  message: string;
  hint: string;
  /** Failures in a row; 0 for a wait in which nothing has failed. */
  failures: number;
  /** When the first of them came, or the wait began, ISO 8601. */
  since: string;
  /** When the next try is due, ISO 8601; null where no try is due. */
  nextAt: string | null;
}

/** An activity that Temporal, or the activity itself, tries again. */
export interface Retry extends Trouble {
  /** Name of the activity, e.g. `launchInstance`. */
  activity: string;
  /** The attempt that runs or is due, from 1. */
  attempt: number;
}

/** Activities that write or observe: what fails in them holds up no step. */
const ASIDE: ReadonlySet<string> = new Set([
  'writeStatus',
  'ensureWatch',
  'observeInstances',
  'observeSecurityGroups',
  'tellUnobserved',
]);

/**
 * The retry that tells most of why an operation does not go on: one of a step before one of an observation, one that has failed before a mere
 * wait, then the one that has failed most often.
 */
export function foremost(retries: readonly Retry[]): Retry | null {
  const rank = (one: Retry): number => (ASIDE.has(one.activity) ? 2 : 0) + (one.failures === 0 ? 1 : 0);
  return [...retries].sort((a, b) => rank(a) - rank(b) || b.failures - a.failures)[0] ?? null;
}
