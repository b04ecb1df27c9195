import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backupIdOf, timeOfBackup } from '#src/model/backup/keys.js';
import { abandoned, expired, type Keep } from '#src/model/backup/retention.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-06-15T12:00:00Z');
const iso = (time: number): string => new Date(time).toISOString();

/** Calendar names of the periods, by the formatting of dates and not by division. */
const hourOf = (at: string): string => at.slice(0, 13);
const dayOf = (at: string): string => at.slice(0, 10);
const mondayOf = (at: string): string => {
  const date = new Date(`${dayOf(at)}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return dayOf(date.toISOString());
};

/** What is to be kept, said the other way round: of each backup whether anything keeps it. */
function keptByOracle(ids: string[], keep: Keep): string[] {
  const at = (id: string): string => timeOfBackup(id) ?? '';
  const newestOf = (period: (at: string) => string, count: number): string[] => {
    const periods = [...new Set(ids.map((id) => period(at(id))))].sort().reverse().slice(0, count);
    return periods.flatMap(
      (one) =>
        ids
          .filter((id) => period(at(id)) === one)
          .sort()
          .at(-1) ?? [],
    );
  };
  const kept = new Set([
    ...newestOf(hourOf, keep.hourly),
    ...newestOf(dayOf, keep.daily),
    ...newestOf(mondayOf, keep.weekly),
    ...ids.filter((id) => Date.parse(at(id)) > NOW - DAY),
    ...[...ids].sort().slice(-1),
  ]);
  return ids.filter((id) => kept.has(id)).sort();
}

const someIds = fc
  .uniqueArray(fc.integer({ min: 0, max: 100 * 24 * 60 }), { maxLength: 60 })
  .map((minutes) => minutes.map((one) => backupIdOf(iso(NOW - one * 60_000))));
const someKeep = fc.record({
  hourly: fc.integer({ min: 0, max: 30 }),
  daily: fc.integer({ min: 0, max: 12 }),
  weekly: fc.integer({ min: 0, max: 8 }),
});

describe('retention of backups', () => {
  it('keeps what the calendar says', () => {
    fc.assert(
      fc.property(someIds, someKeep, (ids, keep) => {
        const gone = new Set(expired(ids, keep, iso(NOW)));
        expect(ids.filter((id) => !gone.has(id)).sort()).toEqual(keptByOracle(ids, keep));
      }),
      { numRuns: 500 },
    );
  });

  it('has nothing more to delete when it has deleted, and never deletes the newest', () => {
    fc.assert(
      fc.property(someIds, someKeep, (ids, keep) => {
        const gone = new Set(expired(ids, keep, iso(NOW)));
        const left = ids.filter((id) => !gone.has(id));
        expect(expired(left, keep, iso(NOW))).toEqual([]);
        if (ids.length > 0) expect(left).toContain([...ids].sort().at(-1));
      }),
    );
  });

  it('keeps a bounded number of a year of hourly backups, taken and deleted one by one', () => {
    const keep = { hourly: 24, daily: 7, weekly: 4 };
    let ids: string[] = [];
    let most = 0;
    for (let time = NOW; time < NOW + 365 * DAY; time += 3_600_000) {
      ids.push(backupIdOf(iso(time)));
      const gone = new Set(expired(ids, keep, iso(time)));
      ids = ids.filter((id) => !gone.has(id));
      most = Math.max(most, ids.length);
    }
    expect(most).toBeLessThanOrEqual(24 + 1 + 7 + 4);
  });

  it('passes over what is not a backup, and finds what was begun and never became one', () => {
    const [old, young] = [backupIdOf(iso(NOW - 2 * DAY)), backupIdOf(iso(NOW - 60_000))];

    expect(expired(['notes', old], { hourly: 0, daily: 0, weekly: 0 }, iso(NOW))).toEqual([]);
    expect(abandoned([old, young, 'notes'], new Set(), iso(NOW))).toEqual([old]);
    expect(abandoned([old], new Set([old]), iso(NOW))).toEqual([]);
  });
});
