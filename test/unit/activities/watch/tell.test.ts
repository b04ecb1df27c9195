import { expect, it } from 'vitest';
import type { ActivityContext } from '#src/activities/attempt.js';
import { LastingTroubles } from '#src/activities/watch/lasting-troubles.js';
import type { ClusterObservation } from '#src/activities/watch/observe-region.js';
import { SnapshotDigests } from '#src/activities/watch/snapshot-digests.js';
import { tellChanges } from '#src/activities/watch/tell.js';

/** Notifies so many clusters, each of which has an instance more. @returns the pauses, and how many signals were sent between two of them */
async function tell(count: number): Promise<{ pauses: number[]; between: number[] }> {
  const pauses: number[] = [];
  const between = [0];
  const attempt = {
    sleep: async (ms: number) => {
      pauses.push(ms);
      between.push(0);
    },
  } as unknown as ActivityContext;
  const notifier = {
    reconcile: async () => {
      between[between.length - 1] = (between.at(-1) ?? 0) + 1;
      return 'told' as const;
    },
  };
  const clusters = new Map(
    Array.from({ length: count }, (_, index): [string, ClusterObservation] => [
      `c${index}/uid`,
      {
        cluster: `c${index}`,
        regionReport: { uid: 'uid', whole: true, seen: [{ id: `i-${index}`, state: 'running' }] },
      },
    ]),
  );
  const at = '2026-11-30T00:00:00.000Z';
  const report = { at, failures: [] };
  const digests = new SnapshotDigests(null);
  await tellChanges(attempt, notifier, clusters, report, async () => [], digests, new LastingTroubles(), at);
  return { pauses, between };
}

it('spreads what is reported in a round, a few clusters at a time', async () => {
  expect(await tell(12)).toEqual({ pauses: [200, 200], between: [5, 5, 2] });
});

it('tells thousands within seconds', async () => {
  const { pauses, between } = await tell(5_000);
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(3_000);
  expect(between.reduce((sum, one) => sum + one, 0)).toBe(5_000);
});
