import type { Breaker, ErrorClass } from './state.js';

/** Failures in a row of one kind of operation until its breaker opens. */
export const FAILURES_TO_OPEN = 5;
export const FIRST_OPEN_SECONDS = 600;
export const LONGEST_OPEN_SECONDS = 3600;

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/** What does not go away by trying again: somebody has to change something, so the breaker opens at the first failure. */
const HOPELESS: ReadonlySet<ErrorClass> = new Set<ErrorClass>(['invalid', 'auth']);

export interface BreakerTimes {
  breaker: Breaker;
  /** Milliseconds until the next try, counted from `now`. */
  waitMs: number;
}

export const closedBreaker = (): Breaker => ({ failures: 0, openUntil: null, nextSeconds: FIRST_OPEN_SECONDS });

/**
 * Counts a failure. Below the threshold the next try comes after a back-off that doubles; then the breaker opens, each time
 * twice as long as before, at most an hour. A failure of the try that a half-open breaker allows opens it again at once.
 *
 * @param breaker as carried; null when there was no failure since the last success
 * @param now ISO 8601
 */
export function afterFailure(breaker: Breaker | null, errorClass: ErrorClass, now: string): BreakerTimes {
  const before = breaker ?? closedBreaker();
  const failures = before.failures + 1;
  if (failures < FAILURES_TO_OPEN && !HOPELESS.has(errorClass)) {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
    return { breaker: { failures, openUntil: null, nextSeconds: before.nextSeconds }, waitMs };
  }
  const waitMs = before.nextSeconds * 1000;
  return {
    breaker: {
      failures: Math.max(failures, FAILURES_TO_OPEN),
      openUntil: new Date(Date.parse(now) + waitMs).toISOString(),
      nextSeconds: Math.min(LONGEST_OPEN_SECONDS, before.nextSeconds * 2),
    },
    waitMs,
  };
}

export type BreakerPhase = 'closed' | 'open' | 'half-open';

/** Open until its time has come; then half-open, which allows one try; closed below the threshold. */
export function breakerPhase(breaker: Breaker | null, now: string): BreakerPhase {
  if (breaker === null) return 'closed';
  if (breaker.openUntil !== null) return Date.parse(now) < Date.parse(breaker.openUntil) ? 'open' : 'half-open';
  return breaker.failures >= FAILURES_TO_OPEN ? 'half-open' : 'closed';
}
