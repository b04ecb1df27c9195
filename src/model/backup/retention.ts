import { timeOfBackup } from './keys.js';

/** How many backups Keelson keeps, besides all of the last day, and always the newest. */
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
 * Returns the backups to delete. Keelson keeps all of the last 24 hours, and of the rest the newest of each of the last `hourly` hours,
 * `daily` days and `weekly` weeks (UTC) that have one: the backups of a stopped cluster do not expire by the calendar.
 *
 * @param ids of complete backups, in any order; other ids are ignored
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

/** Returns the ids of incomplete backups that are older than any backup takes. */
export function abandoned(ids: readonly string[], whole: ReadonlySet<string>, now: string): string[] {
  return ids.filter((id) => {
    const at = timeOfBackup(id);
    return at !== null && !whole.has(id) && Date.parse(at) < Date.parse(now) - DAY_MS;
  });
}
