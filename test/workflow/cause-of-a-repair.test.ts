import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { explain } from '#src/model/explain/index.js';
import { detailsOf } from '#src/workflows/cluster/status/web-ui.js';
import type { FakeActivities } from './fake-activities.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

/** Holds a script's jobs until they are let go. */
function holdJobs(fake: FakeActivities, script: string) {
  const held = { begun: 0, release: () => {} };
  const released = new Promise<void>((resolve) => {
    held.release = resolve;
  });
  fake.before = async (_, input: { script?: string }) => {
    if (input.script !== script) return;
    held.begun += 1;
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), 1_000);
    await Promise.race([released, context.cancelled]).finally(() => clearInterval(beat));
  };
  return held;
}

describe.concurrent('a server that someone has terminated', () => {
  it('is the cause until its successor has joined: for explain, the status, the Web UI and the history', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written({ health: { gracePeriod: '10s' } }));
      await cluster.settled('Running');
      const held = holdJobs(fake, 'join');
      const lost = [...fake.instances.values()].find(({ slot }) => slot === 'server-1');
      if (lost === undefined) throw new Error('server-1 has no instance');

      // Act
      fake.instances.set(lost.id, { ...lost, state: 'terminated' });
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      await expect.poll(() => held.begun).toBe(1);
      const status = await cluster.status();
      held.release();
      const after = await cluster.settled('Running');

      // Assess
      const said = `${lost.id} was terminated`;
      expect(explain(status).cause).toMatchObject({ code: 'InstanceLost', message: `server-1: ${said}` });
      expect(status.operation?.reason).toBe(`server-1: ${said}`);
      const voters = status.conditions.find(({ type }) => type === 'EtcdHealthy');
      expect(voters?.message).toContain(`server-1: ${said}, and its successor has not joined yet`);
      const [, , first] = detailsOf(status, Date.now()).split('\n');
      expect(first).toMatch(new RegExp(`^\\*\\*InstanceLost\\*\\*: server-1: ${lost.id} was terminated \\(since `));
      expect((await cluster.events()).find(({ reason }) => reason === 'InstanceLost')?.message).toBe(
        `server-1: ${said}`,
      );
      expect(after.nodes.filter(({ lost: still }) => still !== undefined)).toEqual([]);
      expect(explain(after).cause.code).toBeNull();
    }));
});
