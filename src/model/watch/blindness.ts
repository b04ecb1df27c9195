import {
  ALL_SUBJECTS,
  type ErrorNote,
  type ObservationFailure,
  type Subject,
  withSince,
} from '../observation-failure.js';

/**
 * Result of one round of an observer: null for an observed subject, the reason for a failed one; subjects that it did not ask for are
 * missing.
 */
export type Round = Partial<Record<Subject, Omit<ErrorNote, 'since'> | null>>;

/** What an observer cannot observe, from round to round. */
export interface Blindness {
  failures: ObservationFailure[];
  /** Rounds in a row that have observed a subject again. */
  good: Partial<Record<Subject, number>>;
  /** When its failures began, ISO 8601, of the last hour. */
  onsets: Partial<Record<Subject, string[]>>;
}

export const SEES_ALL: Blindness = { failures: [], good: {}, onsets: {} };

const HOUR_MS = 3_600_000;
/** Some minutes, at the pace of rounds. */
const MOST_ROUNDS = 16;
/** Codes that stay until a person changes something: the first good answer shows that someone has. */
const STEADY: ReadonlySet<string> = new Set(['auth', 'invalid', 'quota', 'conflict']);

/**
 * Takes over a round. A failure counts at once. A failure that comes and goes, such as throttling, is over only after several good rounds:
 * two after the first failure within an hour, twice as many after each further one, so that the clusters are not notified endlessly.
 *
 * @param now ISO 8601
 */
export function afterRound(before: Blindness, round: Round, now: string): Blindness {
  const next: Blindness = { failures: [], good: {}, onsets: {} };
  const latest: ObservationFailure[] = [];
  for (const subject of ALL_SUBJECTS) {
    const known = before.failures.find((one) => one.subject === subject);
    const error = round[subject];
    const recent = (before.onsets[subject] ?? []).filter((at) => Date.parse(now) - Date.parse(at) < HOUR_MS);
    if (error != null) latest.push({ subject, ...error, since: now });
    else if (known !== undefined) {
      const good = (before.good[subject] ?? 0) + (error === null ? 1 : 0);
      const needed = STEADY.has(known.class) ? 1 : Math.min(MOST_ROUNDS, 2 ** recent.length);
      if (good < needed) {
        latest.push(known);
        next.good[subject] = good;
      }
    }
    const isOnset = error != null && known === undefined;
    if (isOnset || recent.length > 0) next.onsets[subject] = isOnset ? [...recent, now] : recent;
  }
  return { ...next, failures: withSince(before.failures, latest) };
}
