/** Cost of one round over a region. */
export interface Effort {
  calls: number;
  ms: number;
  throttled: boolean;
}

export const SHORTEST_MS = 15_000;
/** Age of the last good round at which the watch reports a failure: with the next round it has to stay within a minute. */
export const LONGEST_MS = 40_000;
/** On average at most a call a second: EC2 gives 20 a second to all callers that list in the account. [docs: EC2 API throttling] */
const MS_A_CALL = 1_000;
/** A round takes no more than a fifth of the time: the rest of the worker's CPU is for clusters. */
const SHARE = 5;

/**
 * Returns how long after the begin of a round the next one begins: longer for more instances, doubled when AWS asks to slow down, and back
 * step by step.
 *
 * @param previous the same of the round before
 */
export function nextInterval(previous: number, { calls, ms, throttled }: Effort): number {
  const fair = Math.max(SHORTEST_MS, calls * MS_A_CALL, ms * SHARE);
  const next = throttled ? Math.max(previous, fair) * 2 : Math.max(fair, previous / 2);
  return Math.min(LONGEST_MS, Math.round(next));
}
