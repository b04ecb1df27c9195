import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeActivities } from './fake-activities.js';
import { written } from './fixture.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

const NIGHTS = 365;
/** Nights from one upgrade of K3s to the next. */
const MONTH = 30;

/** Runs of the workflow in which the activities of each operation ran. */
const runsOf = new Map<string, Set<string>>();
const fake = new FakeActivities();
fake.before = async (_name, input: { operation: string }) => {
  const runs = runsOf.get(input.operation) ?? new Set();
  runsOf.set(input.operation, runs.add(Context.current().info.workflowExecution?.runId ?? ''));
};

let time: SkippedTime;
beforeAll(async () => {
  time = await openSkippedTime(fake);
});
afterAll(() => time?.close());

const releaseOf = (month: number): string => `v1.34.${month + 1}+k3s1`;
/** The document of each month asks for the release of that month. */
const documentOf = (month: number) => written({ mode: 'dev', k3s: { version: releaseOf(month) } }, 'sleeper');

describe('a year of nights and monthly upgrades', () => {
  it('is slept through and woken from, with a new history in the middle of each operation, and nothing that is carried grows', async () => {
    // Prepare
    const cluster = await time.start(documentOf(0), 'sleeper');
    // An observation follows the creation: a message that cuts it short may leave this server's clock standing still.
    const born = await cluster.healthy();
    const began = await time.now();
    const ids: string[] = [];
    const outcomes: string[] = [];
    const upgrades: string[] = [];
    const sizes: number[] = [];
    // Act
    for (let night = 1; night <= NIGHTS; night += 1) {
      for (const [verb, phase, duration] of [
        ['stop', 'Stopped', '10h'],
        ['start', 'Running', '14h'],
      ] as const) {
        const requestedBy = `night ${night}`;
        await cluster.workflow.signal(verb, { requestedBy });
        const status = await cluster.settled(phase);
        const last = status.operations.at(-1);
        ids.push(last?.id ?? '');
        outcomes.push(`${last?.kind} by ${last?.requestedBy}: ${last?.outcome}`);
        await time.pass(duration);
      }
      if (night % MONTH !== 0) continue;
      await cluster.workflow.signal('apply', { document: documentOf(night / MONTH) });
      const release = releaseOf(night / MONTH);
      // The observation that follows the upgrade is over, too: as after the creation.
      const upgraded = await cluster.until(
        (status) => status.nodes[0]?.k3s === release && status.operation === null && status.health === 'Healthy',
      );
      const last = upgraded.operations.at(-1);
      upgrades.push(`${upgraded.nodes[0]?.k3s} ${last?.kind}: ${last?.outcome}`);
      sizes.push(JSON.stringify(upgraded).length);
    }
    const status = await cluster.settled('Running');
    // Assess
    const desired = Array.from({ length: NIGHTS }, (_, index) => [
      `stop by night ${index + 1}: done`,
      `start by night ${index + 1}: done`,
    ]).flat();
    expect(outcomes).toEqual(desired);
    expect(upgrades).toEqual(
      Array.from({ length: Math.floor(NIGHTS / MONTH) }, (_, index) => `${releaseOf(index + 1)} update: done`),
    );
    expect(Math.max(...sizes) / (sizes[1] ?? 1)).toBeLessThan(1.1);
    expect(ids.filter((id) => (runsOf.get(id)?.size ?? 0) < 2)).toEqual([]);
    expect(status.uid).toBe(born.uid);
    expect(status.health).toBe('Healthy');
    expect(fake.launches.length).toBe(1);
    expect((await time.now()) - began).toBeGreaterThanOrEqual(NIGHTS * 24 * 3_600_000 * 0.999);
  }, 1_800_000);
});
