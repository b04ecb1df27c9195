import { timeOfBackup } from './keys.js';

/** How many backups are kept; besides, all of the last day, and always the newest. */
export interface Keep {
  hourly: number;
  daily: number;
  weekly: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-01 was a Thursday, and weeks begin on Monday. [ISO 8601] */
const MONDAY_MS = 4 * DAY_MS;

const PERIODS = [
  ['hourly', HOUR_MS, 0],
  ['daily', DAY_MS, 0],
  ['weekly', WEEK_MS, MONDAY_MS],
] as const;

/**
 * Which backups are no longer kept. All of the last 24 hours are. Of the rest the newest of each of the last `hourly` hours, `daily` days
 * and `weekly` weeks (UTC) in which there is one: what a cluster that sleeps has does not run out by the calendar.
 *
 * @param ids of backups that are whole, in any order; others are passed over
 * @param now ISO 8601
 */
export function expired(ids: readonly string[], keep: Keep, now: string): string[] {
  const known = ids
    .flatMap((id) => {
      const at = timeOfBackup(id);
      return at === null ? [] : [{ id, time: Date.parse(at) }];
    })
    .sort((a, b) => b.time - a.time);
  const kept = new Set(known.slice(0, 1).map(({ id }) => id));
  for (const { id, time } of known) if (time > Date.parse(now) - DAY_MS) kept.add(id);
  for (const [name, length, offset] of PERIODS) {
    const periods = new Set<number>();
    for (const { id, time } of known) {
      const period = Math.floor((time - offset) / length);
      if (periods.has(period)) continue;
      if (periods.size >= keep[name]) break;
      periods.add(period);
      kept.add(id);
    }
  }
  return known.filter(({ id }) => !kept.has(id)).map(({ id }) => id);
}

/** Ids of what was begun and never became whole, older than any backup takes. */
export function abandoned(ids: readonly string[], whole: ReadonlySet<string>, now: string): string[] {
  return ids.filter((id) => {
    const at = timeOfBackup(id);
    return at !== null && !whole.has(id) && Date.parse(at) < Date.parse(now) - DAY_MS;
  });
}
