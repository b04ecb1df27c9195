import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { FakeActivities } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

/** Terminated by someone else, and told by an event as the region watch tells it. */
async function lose(fake: FakeActivities, cluster: Handle, slot: string): Promise<void> {
  const view = [...fake.instances.values()].find((one) => one.slot === slot && one.state !== 'terminated');
  if (view === undefined) throw new Error(`${slot} has no instance`);
  fake.instances.set(view.id, { ...view, state: 'terminated' });
  const seen = [{ id: view.id, state: 'terminated' }];
  await cluster.workflow.signal('reconcile', {
    reason: `${slot} is gone`,
    regionReport: { uid: '', whole: false, seen },
  });
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
      fixture.withWorker(async ({ fake, start }) => {
        // Prepare
        const cluster = await start(written(SOON));
        await cluster.settled('Running');
        const held = holdJobs(fake, script);
        await lose(fake, cluster, 'server-0');
        await expect.poll(() => held.begun).toBe(1);
        // The replacement boots meanwhile.
        await expect.poll(() => fake.launches.length).toBe(4);
        // Act
        await lose(fake, cluster, 'server-2');
        const status = await cluster.until((one) => one.lastError?.code === 'QuorumLost');
        // Assess
        expect(status).toMatchObject({ phase: 'Failed', health: 'Unhealthy', operation: null });
        expect(status.operations.at(-1)).toMatchObject({ kind: 'repair', outcome: 'failed' });
        expect(held.begun).toBe(1);
        expect(fake.launches).toHaveLength(4);
      }),
  );

  it('does not hold up the launch of the replacement, and its join waits until the dead member is removed', ({
    expect,
  }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written(SOON));
      await cluster.settled('Running');
      const held = holdJobs(fake, 'remove-node');
      // Act
      await lose(fake, cluster, 'server-0');
      const steps = async () => (await cluster.status()).operation?.steps ?? [];
      await expect
        .poll(async () => (await steps()).find(({ id }) => id === 'wait-for-agent:server-0')?.outcome, {})
        .toBe('done');
      // Assess
      expect(held.begun).toBe(1);
      expect((await steps()).map(({ id }) => id)).not.toContain('join:server-0');
      const launched = (await cluster.status()).nodes.find(({ slot }) => slot === 'server-0');
      expect(launched).toMatchObject({ generation: 2, instanceId: expect.any(String) });
      held.release();
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(fake.jobs.flatMap(({ script, params }) => (script === 'remove-node' ? params['NODE_NAME'] : []))).toEqual([
        expect.stringMatching(/server-0-g1$/),
      ]);
    }));

  it('that the quorum survives ends nothing that changes something', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const pools = [{ name: 'w', count: 1, instanceType: 't3.medium' }];
      const cluster = await start(written({ ...SOON, pools }));
      await cluster.settled('Running');
      const held = holdJobs(fake, 'remove-node');
      await lose(fake, cluster, 'server-0');
      await expect.poll(() => held.begun).toBe(1);
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
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: an agent is lost, and then the server through which it is removed
      const pools = [{ name: 'w', count: 1, instanceType: 't3.medium' }];
      const cluster = await start(written({ ...SOON, pools }));
      await cluster.settled('Running');
      const held = holdJobs(fake, 'remove-node');
      fake.onJob = ({ script }) => (script === 'remove-node' && held.begun === 1 ? { outcome: 'interrupted' } : null);
      await lose(fake, cluster, 'w-0');
      await expect.poll(() => held.begun).toBe(1);
      await lose(fake, cluster, 'server-0');
      // Act
      held.release();
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      // Assess
      // Steps of the replacement end meanwhile, in any order.
      const reasons = (await cluster.events()).map((event) => event.reason).filter((reason) => reason !== 'StepDone');
      const failed = reasons.lastIndexOf('NodeInterrupted');
      expect(reasons.slice(failed, failed + 2)).toEqual(['NodeInterrupted', 'InstanceLost']);
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
    }));
});

async function looksWanted(cluster: Handle): Promise<string[]> {
  const events = await cluster.events();
  return events.flatMap(({ reason, message }) => (reason === 'ReconcileRequested' ? [message] : []));
}
