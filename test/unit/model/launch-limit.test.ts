import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deferralText,
  forgetLaunch,
  LAUNCH_WINDOW_MS,
  launchDue,
  MOST_LAUNCHES,
  recentLaunches,
  recordLaunch,
} from '#src/model/launch-limit.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const at = (seconds: number): string => new Date(START + seconds * 1_000).toISOString();

function launchedAt(...seconds: number[]): Record<string, string[]> {
  const launches: Record<string, string[]> = {};
  for (const time of seconds) recordLaunch({ launches }, 'server-1', at(time));
  return launches;
}

describe('launch limit', () => {
  it('allows five launches of a slot, and the sixth ten minutes after the first', () => {
    const launches = launchedAt(0, 30, 60, 90, 120);
    expect(launchDue(launchedAt(0, 30, 60, 90), 'server-1', at(120))).toBeNull();
    expect(launchDue(launches, 'server-1', at(121))).toBe(at(600));
    expect(launchDue(launches, 'server-1', at(599))).toBe(at(600));
    expect(launchDue(launches, 'server-1', at(600))).toBeNull();
  });

  it('counts each slot for itself, and not what EC2 has refused', () => {
    const launches = launchedAt(0, 1, 2, 3, 4);
    expect(launchDue(launches, 'server-2', at(5))).toBeNull();
    forgetLaunch({ launches }, 'server-1');
    expect(launchDue(launches, 'server-1', at(5))).toBeNull();
  });

  it('forgets slots whose launches are all too long ago', () => {
    const launches = { 'server-0': [at(0)], 'server-1': [at(0), at(10)], 'server-2': [] };
    expect(recentLaunches(launches, at(605))).toEqual({ 'server-1': [at(10)] });
  });

  it('says what is deferred, why, and until when', () => {
    expect(deferralText('server-1', at(600))).toBe(
      'launch of server-1 deferred: limit of 5 launches in 10 minutes reached; next at 2026-01-01T00:10:00.000Z',
    );
  });

  it('lets no window hold more than five, however often it is asked, and carries no more than it needs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }), (pauses) => {
        // Prepare
        const launches: Record<string, string[]> = {};
        const done: number[] = [];
        let time = 0;
        // Act: the caller launches whenever it may
        for (const pause of pauses) {
          time += pause;
          if (launchDue(launches, 'server-1', at(time)) !== null) continue;
          recordLaunch({ launches }, 'server-1', at(time));
          done.push(time);
        }
        // Assess
        for (const from of done) {
          const window = done.filter((one) => one >= from && one < from + LAUNCH_WINDOW_MS / 1_000);
          expect(window.length).toBeLessThanOrEqual(MOST_LAUNCHES);
        }
        expect((launches['server-1'] ?? []).length).toBeLessThanOrEqual(MOST_LAUNCHES);
      }),
    );
  });
});
