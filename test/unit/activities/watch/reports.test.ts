import { beforeEach, describe, expect, it } from 'vitest';
import type { ActivityContext } from '#src/activities/attempt.js';
import { Reports } from '#src/activities/watch/reports.js';
import type { WatchReport } from '#src/model/watch/report.js';

const BLIND: WatchReport = {
  at: '2026-11-29T00:00:00.000Z',
  failures: [
    {
      subject: 'instances',
      code: 'UnauthorizedOperation',
      class: 'auth',
      message: 'DescribeInstances: no',
      hint: 'allow it',
      since: '2026-11-29T00:00:00.000Z',
    },
  ],
};
const SEES: WatchReport = { at: '2026-11-29T00:01:00.000Z', failures: [] };

let open: string[];
let told: string[];
let deaf: Set<string>;
let lists: number;
beforeEach(() => {
  open = ['a', 'b', 'c'];
  told = [];
  deaf = new Set();
  lists = 0;
});

/** An attempt of the watch; `before` is what clusters of which it knows nothing were told. */
const reports = (before: string | null) =>
  new Reports(
    { log: { warn: () => undefined } } as unknown as ActivityContext,
    {
      openClusters: async () => {
        lists += 1;
        return open;
      },
      report: async (cluster: string, report: WatchReport) => {
        if (deaf.has(cluster)) throw new Error('UNAVAILABLE');
        told.push(`${cluster} ${report.failures.length === 0 ? 'sees' : 'blind'}`);
        return 'told' as const;
      },
    },
    { region: 'eu-west-1' },
    before,
  );

describe('what the watch cannot see', () => {
  it('is reported to each cluster once when it begins and once when it ends', async () => {
    const attempt = reports('');
    for (const report of [SEES, BLIND, BLIND, SEES, SEES]) await attempt.tell(report);
    expect(told).toEqual(['a blind', 'b blind', 'c blind', 'a sees', 'b sees', 'c sees']);
  });

  it('is reported to a cluster that comes later, and again to one that could not be reported', async () => {
    const attempt = reports('');
    deaf.add('b');
    await attempt.tell(BLIND);
    expect(attempt.told).toBeNull();
    deaf.clear();
    open.push('d');
    await attempt.tell(BLIND);
    expect(told).toEqual(['a blind', 'c blind', 'b blind', 'd blind']);
    expect(attempt.told).not.toBeNull();
  });

  it('is reported to be seen again by an attempt that does not know what those before it have told', async () => {
    const attempt = reports(null);
    await attempt.tell(SEES);
    await attempt.tell(SEES);
    expect(told).toEqual(['a sees', 'b sees', 'c sees']);
  });

  it('is reported to a few a round where no one knows whether anything was reported to them, by one list', async () => {
    open = Array.from({ length: 50 }, (_, index) => `c${index}`);
    const attempt = reports(null);
    const rounds: number[] = [];
    for (let round = 0; round < 4; round += 1) rounds.push(await attempt.tell(SEES));
    expect(rounds).toEqual([20, 20, 10, 0]);
    expect(new Set(told).size).toBe(50);
    expect(lists).toBe(1);
    expect(attempt.told).toBe('');
  });

  it('is reported to all at once when it begins, and when it ends for those who know', async () => {
    open = Array.from({ length: 50 }, (_, index) => `c${index}`);
    const attempt = reports(null);
    expect(await attempt.tell(SEES)).toBe(20);
    expect(await attempt.tell(BLIND)).toBe(50);
    expect(await attempt.tell(SEES)).toBe(50);
    expect(attempt.told).toBe('');
  });

  it('is reported to be seen again by the attempt after the one that has reported it', async () => {
    const first = reports('');
    await first.tell(BLIND);
    told.length = 0;
    await reports(first.told).tell(SEES);
    expect(told).toEqual(['a sees', 'b sees', 'c sees']);
  });

  it('is no cause to list the clusters while all is seen', async () => {
    open = [];
    const attempt = reports('');
    expect(await attempt.tell(SEES)).toBe(0);
    expect(attempt.told).toBe('');
  });
});
