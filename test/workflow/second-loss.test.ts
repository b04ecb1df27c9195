import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { FakeActivities } from './fake-activities.js';
import { type Handle, openBench, type WorkflowBench, written } from './harness.js';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

/** Terminated by someone else, and told by an event as the region watch tells it. */
async function lose(fake: FakeActivities, cluster: Handle, slot: string): Promise<void> {
  const view = [...fake.instances.values()].find((one) => one.slot === slot && one.state !== 'terminated');
  if (view === undefined) throw new Error(`${slot} has no instance`);
  fake.instances.set(view.id, { ...view, state: 'terminated' });
  const seen = [{ id: view.id, state: 'terminated' }];
  await cluster.workflow.signal('look', { reason: `${slot} is gone`, sight: { uid: '', whole: false, seen } });
}

/** A job that goes on until it is cancelled or let go. */
async function hold(until: Promise<void>): Promise<void> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 1_000);
  await Promise.race([until, context.cancelled]).finally(() => clearInterval(beat));
}

/** Holds every job of a script; counts them. */
function holdJobs(fake: FakeActivities, script: string) {
  const held: { begun: number; release: () => void } = { begun: 0, release: () => undefined };
  const released = new Promise<void>((resolve) => {
    held.release = resolve;
  });
  fake.before = async (_, input: { script?: string }) => {
    if (input.script !== script) return;
    held.begun += 1;
    await hold(released);
  };
  return held;
}

const SOON = { health: { gracePeriod: '10s' } };

describe.concurrent('a further loss while one is repaired', () => {
  it.for(['remove-node', 'join'])(
    'that costs the quorum is said at once, although %s waits for it',
    (script, { expect }) =>
      bench.withWorker(async ({ fake, start }) => {
        // Prepare
        const cluster = await start(written(SOON));
        await cluster.settled('Running');
        const held = holdJobs(fake, script);
        await lose(fake, cluster, 'server-0');
        await expect.poll(() => held.begun, { timeout: 30_000 }).toBe(1);
        const launched = fake.launches.length;
        // Act
        await lose(fake, cluster, 'server-2');
        const status = await cluster.until((one) => one.lastError?.code === 'QuorumLost');
        // Assess
        expect(status).toMatchObject({ phase: 'Failed', health: 'Unhealthy', operation: null });
        expect(status.operations.at(-1)).toMatchObject({ kind: 'repair', outcome: 'failed' });
        expect(held.begun).toBe(1);
        expect(fake.launches).toHaveLength(launched);
      }),
  );

  it('that the quorum survives ends nothing that changes something', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      // Prepare
      const pools = [{ name: 'w', count: 1, instanceType: 't3.medium' }];
      const cluster = await start(written({ ...SOON, pools }));
      await cluster.settled('Running');
      const held = holdJobs(fake, 'remove-node');
      await lose(fake, cluster, 'server-0');
      await expect.poll(() => held.begun, { timeout: 30_000 }).toBe(1);
      // Act
      await lose(fake, cluster, 'w-0');
      await expect.poll(async () => looksWanted(cluster)).toContainEqual(expect.stringContaining('w-0'));
      held.release();
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      // Assess: one for the server, one for the agent
      expect(held.begun).toBe(2);
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(status.nodes.map((node) => [node.slot, node.generation])).toEqual([
        ['server-0', 2],
        ['server-1', 1],
        ['server-2', 1],
        ['w-0', 2],
      ]);
    }));

  it('is looked at without a back-off when the step has failed for it', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      // Prepare: an agent is lost, and then the server through which it is removed
      const pools = [{ name: 'w', count: 1, instanceType: 't3.medium' }];
      const cluster = await start(written({ ...SOON, pools }));
      await cluster.settled('Running');
      const held = holdJobs(fake, 'remove-node');
      fake.onJob = ({ script }) => (script === 'remove-node' && held.begun === 1 ? { outcome: 'interrupted' } : null);
      await lose(fake, cluster, 'w-0');
      await expect.poll(() => held.begun, { timeout: 30_000 }).toBe(1);
      await lose(fake, cluster, 'server-0');
      // Act
      held.release();
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      // Assess
      const reasons = (await cluster.events()).map((event) => event.reason);
      const failed = reasons.lastIndexOf('NodeInterrupted');
      expect(reasons.slice(failed, failed + 2)).toEqual(['NodeInterrupted', 'InstanceLost']);
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
    }));
});

async function looksWanted(cluster: Handle): Promise<string[]> {
  const events = await cluster.events();
  return events.flatMap(({ reason, message }) => (reason === 'LookWanted' ? [message] : []));
}
