import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { type FakeActivities, failed } from './fake-activities.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

/** Someone else changes instances behind the cluster's back. */
function meddle(fake: FakeActivities, slots: string[], state: 'stopped' | 'terminated'): void {
  for (const view of [...fake.instances.values()]) {
    if (slots.includes(view.slot) && view.state !== 'terminated') fake.instances.set(view.id, { ...view, state });
  }
}

describe.concurrent('an observation of a running cluster', () => {
  it('starts a server that someone else has stopped', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.settled('Running');
      meddle(fake, ['server-1'], 'stopped');
      // Act
      await cluster.workflow.signal('reconcile', { reason: 'server-1 stopped' });
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      // Assess
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(status.nodes.every((node) => node.power === 'running' && node.ready === 'True')).toBe(true);
      expect((await cluster.events()).map((event) => event.reason)).toContain('InstanceStopped');
      expect(fake.launches.length).toBe(3);
    }));

  it('tells of the type that someone has given a stopped server, when it is started again', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.settled('Running');
      meddle(fake, ['server-1'], 'stopped');
      fake.before = async (name) => {
        const server = [...fake.instances.values()].find((view) => view.slot === 'server-1');
        if (name === 'startInstances' && server !== undefined)
          fake.instances.set(server.id, { ...server, type: 't3.large' });
      };
      // Act
      await cluster.workflow.signal('reconcile', { reason: 'server-1 stopped' });
      await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      // Assess
      const told = (await cluster.events()).filter((event) => event.reason === 'TypeChanged');
      expect(told.map((event) => event.message)).toEqual([expect.stringContaining('t3.medium -> t3.large')]);
    }));

  it('replaces a server that is gone under the next generation, which joins when the dead member is removed', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.atRest();
      const before = fake.jobs.length;
      meddle(fake, ['server-0'], 'terminated');
      await cluster.workflow.signal('reconcile', { reason: 'server-0 gone' });
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(status.nodes.find((node) => node.slot === 'server-0')).toMatchObject({
        generation: 2,
        ready: 'True',
        voter: 'True',
      });
      const scripts = fake.jobs.map((job) => job.script);
      // What EC2 says is a fact, for which the nodes need not be asked.
      const first = scripts.slice(before, scripts.indexOf('remove-node'));
      expect(first.filter((script) => script !== 'kubeconfig')).toEqual([]);
      expect(scripts.indexOf('remove-node')).toBeLessThan(scripts.lastIndexOf('join'));
      expect(fake.jobs.filter((job) => job.script === 'bootstrap').length).toBe(1);
    }));

  it('leaves a server alone that has lost its tags, and says so once', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.settled('Running');
      const [server] = [...fake.instances.values()].filter((view) => view.slot === 'server-1');
      if (server !== undefined) fake.instances.set(server.id, { ...server, untagged: true });
      // Act
      const looks = () => fake.calls.filter((name) => name === 'observeInstances').length;
      for (const before of [looks(), looks() + 1]) {
        await cluster.workflow.signal('reconcile', { reason: 'a test' });
        await cluster.until(() => looks() > before);
      }
      const status = await cluster.settled('Running');
      // Assess
      const told = (await cluster.events()).filter((event) => event.reason === 'TagsMissing');
      expect(told.map((event) => event.message)).toEqual([expect.stringContaining(`server-1: ${server?.id}`)]);
      expect(status.operations).toHaveLength(1);
      expect(fake.launches.length).toBe(3);
    }));

  it('does not keep a delete waiting, when the node that is asked does not answer', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.settled('Running');
      let asked = 0;
      fake.before = async (name) => {
        if (name !== 'runOnNodes') return;
        asked += 1;
        throw failed({ code: 'InvalidInstanceId', class: 'not-found-yet', message: 'no agent', hint: 'wait' }, false);
      };
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      await expect.poll(() => asked).toBeGreaterThan(1);

      // Act
      await cluster.workflow.signal('delete', { confirm: 'demo' });
      const ended = await cluster.workflow.result();

      // Assess: the questions were taken back, and none was waited for until its own end
      expect(ended).toMatchObject({ remaining: { instances: [] } });
      const { events } = await cluster.workflow.fetchHistory();
      const happened = (events ?? []).flatMap((event) =>
        Object.keys(event).filter((key) => key.endsWith('Attributes')),
      );
      expect(happened).toContain('activityTaskCancelRequestedEventAttributes');
      expect(happened).not.toContain('activityTaskFailedEventAttributes');
      expect(happened).not.toContain('activityTaskTimedOutEventAttributes');
    }));

  it('does nothing and says QuorumLost when most servers are gone', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.atRest();
      meddle(fake, ['server-0', 'server-2'], 'terminated');
      const before = fake.jobs.filter((job) => job.script !== 'verify' && job.script !== 'probe').length;
      await cluster.workflow.signal('reconcile', { reason: 'two servers gone' });
      const status = await cluster.until((one) => one.lastError?.code === 'QuorumLost');
      expect(status.phase).toBe('Failed');
      expect(status.health).toBe('Unhealthy');
      expect(status.lastError?.hint).toContain('--cluster-reset');
      expect(fake.launches.length).toBe(3);
      expect(fake.jobs.filter((job) => job.script !== 'verify' && job.script !== 'probe').length).toBe(before);
      await cluster.until((one) => one.waiting !== null);
      await cluster.workflow.executeUpdate('delete', { args: [{ confirm: 'demo' }] });
      await cluster.workflow.result();
      // Who waits for the delete reads them: they must not say what was waited for before it.
      const statuses = fake.statuses as StatusView[];
      const deleting = statuses.filter((one) => one.phase === 'Deleting').map((one) => one.waiting?.for ?? null);
      expect(deleting.length).toBeGreaterThan(0);
      expect(new Set(deleting)).toEqual(new Set([null]));
    }));
});
