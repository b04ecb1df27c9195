import { type ErrorNote, type ObservationFailure, SUBJECTS, type Subject, withSince } from '../observation-failure.js';

/** What one round of an observer has seen: null for a subject that was seen, why not for one that was not; what was not asked for is left out. */
export type Round = Partial<Record<Subject, Omit<ErrorNote, 'since'> | null>>;

/** What an observer does not see, from round to round. */
export interface Blindness {
  failures: ObservationFailure[];
  /** Rounds in a row that have seen a subject again. */
  good: Partial<Record<Subject, number>>;
  /** When it began not to be seen, ISO 8601, of the last hour. */
  onsets: Partial<Record<Subject, string[]>>;
}

export const SEES_ALL: Blindness = { failures: [], good: {}, onsets: {} };

const HOUR_MS = 3_600_000;
/** Some minutes, at the pace of rounds. */
const MOST_ROUNDS = 16;
/** What these say stays so until a person changes something: the first good answer shows that it was changed. */
const STEADY: ReadonlySet<string> = new Set(['auth', 'invalid', 'quota', 'conflict']);

/**
 * What is not seen counts at once. What comes and goes, as throttling does, has to be seen in a row before it counts as seen: two rounds after
 * the first time within an hour, twice as many after each further one, so that no one is told without end.
 *
 * @param now ISO 8601
 */
export function afterRound(before: Blindness, round: Round, now: string): Blindness {
  const next: Blindness = { failures: [], good: {}, onsets: {} };
  const latest: ObservationFailure[] = [];
  for (const subject of SUBJECTS) {
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
