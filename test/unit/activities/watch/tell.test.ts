import { expect, it } from 'vitest';
import type { ActivityContext } from '#src/activities/attempt.js';
import { LastingTroubles } from '#src/activities/watch/lasting-troubles.js';
import type { ClusterObservation } from '#src/activities/watch/observe-region.js';
import { SnapshotDigests } from '#src/activities/watch/snapshot-digests.js';
import { tellChanges } from '#src/activities/watch/tell.js';

const AT = '2026-11-30T00:00:00.000Z';

/** @param round tells pictures of two rounds apart */
const pictureOf = (names: readonly string[], round: number): Map<string, ClusterObservation> =>
  new Map(
    names.map((name) => [
      `${name}/uid`,
      { cluster: name, regionReport: { uid: 'uid', whole: true, seen: [{ id: `i-${round}`, state: 'running' }] } },
    ]),
  );

const named = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, index) => prefix + index);

/** One round. @returns the pauses, the clusters that were told between two of them, and what the round returned */
async function tell(
  clusters: ReadonlyMap<string, ClusterObservation>,
  { digests = new SnapshotDigests(null), isHurried = (): boolean => false } = {},
): Promise<{ pauses: number[]; between: string[][]; told: string[] }> {
  const pauses: number[] = [];
  const between: string[][] = [[]];
  const attempt = {
    sleep: async (ms: number) => {
      pauses.push(ms);
      between.push([]);
    },
  } as unknown as ActivityContext;
  const notifier = {
    reconcile: async (cluster: string) => {
      between.at(-1)?.push(cluster);
      return 'told' as const;
    },
  };
  const [report, troubles] = [{ at: AT, failures: [] }, new LastingTroubles()];
  const open = async (): Promise<string[]> => [];
  const told = await tellChanges(attempt, notifier, clusters, report, open, digests, troubles, AT, isHurried);
  return { pauses, between, told };
}

/** A watch that has told these before. */
async function knowing(names: readonly string[]): Promise<SnapshotDigests> {
  const digests = new SnapshotDigests(null);
  await tell(pictureOf(names, 1), { digests });
  return digests;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

it('spreads what is reported in a round, a few clusters at a time', async () => {
  const names = named(12, 'c');
  const { pauses, between } = await tell(pictureOf(names, 2), { digests: await knowing(names) });
  expect(pauses).toEqual([200, 200]);
  expect(between.map((part) => part.length)).toEqual([5, 5, 2]);
});

it('tells what has changed before those that it sees for the first time, which have time', async () => {
  const old = named(2, 'old');
  const digests = await knowing(old);
  const { pauses, between } = await tell(pictureOf([...named(7, 'new'), ...old], 2), { digests });
  expect(pauses).toEqual([1_000]);
  expect(between).toEqual([
    [...old, 'new0', 'new1', 'new2', 'new3', 'new4'],
    ['new5', 'new6'],
  ]);
});

it('leaves those for the next round when that is due at once, and forgets none', async () => {
  const names = named(12, 'new');
  const digests = new SnapshotDigests(null);
  const first = await tell(pictureOf(names, 1), { digests, isHurried: () => true });
  const second = await tell(pictureOf(names, 1), { digests });
  expect(first.told).toEqual(names.slice(0, 5));
  expect(second.told).toEqual(names.slice(5));
});

it('tells thousands within seconds', async () => {
  const names = named(5_000, 'c');
  const firstSeen = await tell(pictureOf(names, 1));
  const changed = await tell(pictureOf(names, 2), { digests: await knowing(names) });
  expect(sum(firstSeen.pauses)).toBeLessThanOrEqual(10_000);
  expect(sum(changed.pauses)).toBeLessThanOrEqual(3_000);
  expect([firstSeen.told.length, changed.told.length]).toEqual([5_000, 5_000]);
});
