import { describe, expect, it } from 'vitest';
import { backupIdOf, timeOfBackup } from '#src/model/backup/keys.js';
import { expired } from '#src/model/backup/retention.js';
import { backupDue, freshUntil } from '#src/model/backup/schedule.js';
import { blankState } from '#src/model/blank-state.js';
import type { ClusterState } from '#src/model/state.js';
import { valid } from '../spec/sample.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2026-01-01T00:00:00Z');
const iso = (time: number): string => new Date(time).toISOString();

/** So many days of backups, each taken when it is due and followed by what is no longer kept. `failing` fails a try, by its time. */
function days(count: number, schedule: string, failing: (at: string) => boolean = () => false) {
  const document = valid({ backup: { schedule } });
  const keep = document.spec.backup?.keep ?? { hourly: 0, daily: 0, weekly: 0 };
  let state: ClusterState = { ...blankState(document), uid: '0000', initializedAt: iso(START), adoption: 'done' };
  let kept: string[] = [];
  const seen = { taken: 0, most: 0, longestMs: 0, sizes: new Set<number>(), stale: 0 };
  for (let now = START; now < START + count * DAY; ) {
    now = Math.max(now, Date.parse(backupDue(state) ?? ''));
    const at = iso(now);
    const since = state.backup.at ?? state.initializedAt ?? at;
    seen.longestMs = Math.max(seen.longestMs, now - Date.parse(since));
    if (at > (freshUntil(schedule, since) ?? '')) seen.stale += 1;
    if (failing(at)) {
      state = { ...state, backup: { ...state.backup, triedAt: at, failures: state.backup.failures + 1 } };
      continue;
    }
    const id = backupIdOf(at);
    state = { ...state, backup: { ...state.backup, at, id, size: 1, triedAt: at, failures: 0 } };
    const gone = new Set(expired([...kept, id], keep, at));
    kept = [...kept, id].filter((one) => !gone.has(one));
    seen.taken += 1;
    seen.most = Math.max(seen.most, kept.length);
    seen.sizes.add(JSON.stringify(state.backup).length);
  }
  return { ...seen, kept };
}

describe('a year of backups', () => {
  it('each hour: at most an hour is lost, and 24 hours, 7 days and 4 weeks are kept', () => {
    const { taken, most, longestMs, sizes, stale, kept } = days(365, '0 * * * *');

    expect(taken).toBe(365 * 24);
    expect(longestMs).toBeLessThanOrEqual(HOUR);
    expect(stale).toBe(0);
    // Those of the last day, one of which is the newest of its day and week; six more days; three more weeks.
    expect(most).toBeLessThanOrEqual(25 + 7 + 4);
    const ages = kept.map((id) => START + 365 * DAY - Date.parse(timeOfBackup(id) ?? ''));
    expect(Math.max(...ages)).toBeGreaterThan(14 * DAY);
    expect([...sizes], 'carried state does not grow').toHaveLength(1);
  });

  it('each five minutes: at most five minutes are lost', () => {
    const { taken, longestMs, most } = days(2, '*/5 * * * *');

    expect(taken).toBe(2 * 24 * 12);
    expect(longestMs).toBeLessThanOrEqual(5 * 60_000);
    expect(most).toBeLessThanOrEqual(24 * 12 + 1 + 24 + 7 + 4);
  });

  it('of which each night fails for two hours: it is tried again within the hour, and told as stale', () => {
    const isNight = (at: string): boolean => /T0[23]:/.test(at);

    const { longestMs, stale } = days(60, '0 * * * *', isNight);

    expect(longestMs).toBeLessThanOrEqual(4 * HOUR);
    expect(stale).toBeGreaterThan(50);
  });
});
