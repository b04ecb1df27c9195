import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeActivities } from './fake-activities.js';
import { written } from './harness.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

const NIGHTS = 365;

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

describe('a year of nights', () => {
  it('is slept through and woken from, with a new history in the middle of each operation', async () => {
    // Prepare
    const cluster = await time.start(written({ mode: 'dev' }, 'sleeper'), 'sleeper');
    // An observation follows the creation: a message that cuts it short may leave this server's clock standing still.
    const born = await cluster.healthy();
    const began = await time.now();
    const ids: string[] = [];
    const outcomes: string[] = [];
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
    }
    const status = await cluster.settled('Running');
    // Assess
    const wished = Array.from({ length: NIGHTS }, (_, index) => [
      `stop by night ${index + 1}: done`,
      `start by night ${index + 1}: done`,
    ]).flat();
    expect(outcomes).toEqual(wished);
    expect(ids.filter((id) => (runsOf.get(id)?.size ?? 0) < 2)).toEqual([]);
    expect(status.uid).toBe(born.uid);
    expect(status.health).toBe('Healthy');
    expect(fake.launches.length).toBe(1);
    expect((await time.now()) - began).toBeGreaterThanOrEqual(NIGHTS * 24 * 3_600_000 * 0.999);
  }, 900_000);
});
