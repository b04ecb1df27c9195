import type { Breaker, ClusterState, ErrorClass, OperationKind, Waiting } from './state.js';

/** Failures in a row of one kind of operation until its breaker opens. */
export const FAILURES_TO_OPEN = 5;
export const FIRST_OPEN_SECONDS = 600;
export const LONGEST_OPEN_SECONDS = 3600;

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/** Classes that a retry cannot resolve: a person has to change something, so the breaker opens at the first failure. */
const HOPELESS: ReadonlySet<ErrorClass> = new Set<ErrorClass>(['invalid', 'auth']);

export type Breakers = Partial<Record<OperationKind, Breaker>>;

export interface BreakerTimes {
  breaker: Breaker;
  /** Milliseconds until the next try, counted from `now`. */
  waitMs: number;
}

export const closedBreaker = (): Breaker => ({
  failures: 0,
  openUntil: null,
  retryAt: null,
  nextSeconds: FIRST_OPEN_SECONDS,
  code: '',
});

/**
 * Counts a failure. Below the threshold the next try comes after a back-off that doubles; then the breaker opens, each time twice as long
 * as before, at most an hour. A failure of the try that a half-open breaker allows opens it again at once.
 *
 * @param breaker as carried; null when there was no failure since the last success
 * @param now ISO 8601
 * @param code of the error, to explain the pause
 */
export function afterFailure(breaker: Breaker | null, errorClass: ErrorClass, now: string, code = ''): BreakerTimes {
  const before = breaker ?? closedBreaker();
  const failures = before.failures + 1;
  if (failures < FAILURES_TO_OPEN && !HOPELESS.has(errorClass)) {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
    return {
      breaker: { failures, openUntil: null, retryAt: later(now, waitMs), nextSeconds: before.nextSeconds, code },
      waitMs,
    };
  }
  const waitMs = before.nextSeconds * 1000;
  const openUntil = later(now, waitMs);
  return {
    breaker: {
      failures: Math.max(failures, FAILURES_TO_OPEN),
      openUntil,
      retryAt: openUntil,
      nextSeconds: Math.min(LONGEST_OPEN_SECONDS, before.nextSeconds * 2),
      code,
    },
    waitMs,
  };
}

const later = (from: string, ms: number): string => new Date(Date.parse(from) + ms).toISOString();

export type BreakerPhase = 'closed' | 'open' | 'half-open';

/** Open until its time has come; then half-open, which allows one try; closed below the threshold. */
export function breakerPhase(breaker: Breaker | null, now: string): BreakerPhase {
  if (breaker === null) return 'closed';
  if (breaker.openUntil !== null) return isAhead(breaker.openUntil, now) ? 'open' : 'half-open';
  return breaker.failures >= FAILURES_TO_OPEN ? 'half-open' : 'closed';
}

/** Why Keelson tries nothing now, and until when. */
export interface Hold {
  kind: OperationKind;
  /** ISO 8601. */
  until: string;
  /** Whether the breaker is open; false for the back-off between two tries. */
  open: boolean;
  /** Code of the error before the pause. */
  code: string;
}

/**
 * Returns what keeps the loop from trying anything: the longest back-off or open breaker. It holds for every kind of operation, because a
 * plan covers the whole cluster, and another kind of operation would try the same step again. Only time ends a hold, or a request that
 * clears breakers.
 *
 * @param now ISO 8601
 * @returns null when the next try may begin
 */
export function holdOf(breakers: Breakers, now: string): Hold | null {
  const holds = entriesOf(breakers).flatMap(([kind, breaker]) =>
    breaker.retryAt !== null && isAhead(breaker.retryAt, now)
      ? [{ kind, until: breaker.retryAt, open: breakerPhase(breaker, now) === 'open', code: breaker.code }]
      : [],
  );
  return holds.sort((a, b) => b.until.localeCompare(a.until))[0] ?? null;
}

/**
 * Returns what an operation waits for as long as nothing may be tried, or null. It is true from the failure on, also while Keelson looks at the cluster in between.
 *
 * @param now ISO 8601
 */
export function awaitedTry(
  { operation, breakers, waiting }: Pick<ClusterState, 'operation' | 'breakers' | 'waiting'>,
  now: string,
): Waiting | null {
  const hold = operation === null ? null : holdOf(breakers, now);
  if (hold === null) return null;
  const text = tryAfter(hold);
  return { for: text, since: waiting?.for === text ? waiting.since : now, until: hold.until };
}

/** Says what a hold keeps back. */
export const tryAfter = ({ kind, code }: Hold): string => `the next try of ${kind} after ${code}`;

/** Returns the breakers at the start of a try: those whose time has come allow it, and keep the count of failures. */
export const halfOpened = (breakers: Breakers, now: string): Breakers =>
  Object.fromEntries(
    entriesOf(breakers).map(([kind, breaker]) => [
      kind,
      isHolding(breaker, now) ? breaker : { ...breaker, openUntil: null, retryAt: null },
    ]),
  );

/** Returns the breakers of a converged cluster: one that has announced a pause keeps it until its time. */
export const stillHolding = (breakers: Breakers, now: string): Breakers =>
  Object.fromEntries(entriesOf(breakers).filter(([, breaker]) => isHolding(breaker, now)));

const isAhead = (time: string, now: string): boolean => Date.parse(time) > Date.parse(now);
const isHolding = ({ retryAt }: Breaker, now: string): boolean => retryAt !== null && isAhead(retryAt, now);
const entriesOf = (breakers: Breakers) => Object.entries(breakers) as [OperationKind, Breaker][];
