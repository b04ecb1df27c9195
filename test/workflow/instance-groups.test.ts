import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupsKey } from '#src/model/security-groups/of-instance.js';
import { type FakeActivities, failed } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const DENIED = failed({
  code: 'UnauthorizedOperation',
  class: 'auth',
  message: 'ModifyInstanceAttribute i-1 into sg-server: UnauthorizedOperation',
  hint: 'allow ec2:ModifyInstanceAttribute',
});

/** What the region watch sees: the instances as they are, with their groups. */
async function tellInstances(fake: FakeActivities, cluster: Handle): Promise<void> {
  const seen = [...fake.instances.values()].map(({ id, state, type, groups = [] }) => ({
    ...{ id, state, type },
    groups: groupsKey(groups),
  }));
  const { uid } = await cluster.status();
  await cluster.workflow.signal('reconcile', { reason: 'test', regionReport: { uid, whole: true, seen } });
}

/** Someone takes the first server out of its group, and puts it into another. */
function moveByHand(fake: FakeActivities, groups = ['sg-default']): string {
  const [first] = fake.instances.values();
  if (first === undefined) throw new Error('no instance');
  fake.instances.set(first.id, { ...first, groups });
  return first.id;
}

const told = async (cluster: Handle, reason: string) =>
  (await cluster.events()).filter((event) => event.reason === reason).map(({ message }) => message);
const setCalls = (fake: FakeActivities): number => fake.calls.filter((name) => name === 'setInstanceGroups').length;
const condition = async (cluster: Handle) =>
  (await cluster.status()).conditions.find(({ type }) => type === 'InstanceGroupsInSync');

describe('the security groups of an instance', () => {
  it('are set again when the region watch tells that someone has changed them, and that is told by name', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.healthy();
      const jobs = fake.jobs.length;

      // Act
      const id = moveByHand(fake);
      await tellInstances(fake, cluster);
      const status = await cluster.until(
        (seen) => seen.operations.at(-1)?.kind === 'repair' && seen.operation === null,
      );

      // Assess
      expect(fake.instances.get(id)?.groups).toEqual(['sg-server']);
      expect(status.operations.at(-1)).toMatchObject({
        outcome: 'done',
        requestedBy: 'Keelson',
        reason: 'server-0: someone has changed its groups by hand',
        steps: [{ id: 'set-groups:server-0' }],
      });
      expect(await told(cluster, 'InstanceGroupsChanged')).toEqual([
        `server-0: someone has changed the groups of ${id} by hand: it is not in sg-server and is in sg-default`,
      ]);
      expect(await condition(cluster)).toMatchObject({ status: 'True' });
      expect(fake.jobs.slice(jobs).every(({ script }) => ['verify', 'probe'].includes(script))).toBe(true);
    }));

  it('that EC2 shows as before for a moment after Keelson has set them are set once', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.healthy();
      const id = moveByHand(fake);
      let late = 0;
      fake.onReconcile = ({ groups }) => {
        if (groupsKey(groups ?? []) !== 'sg-server' || late > 0) return {};
        late += 1;
        return { groups: ['sg-default'] };
      };

      // Act
      await tellInstances(fake, cluster);
      await cluster.until((seen) => seen.operations.at(-1)?.kind === 'repair' && seen.operation === null);
      await cluster.workflow.signal('reconcile', { reason: 'a person' });
      await cluster.status();
      await cluster.waitsFor();

      // Assess
      expect(late).toBe(1);
      expect(setCalls(fake)).toBe(1);
      expect(await told(cluster, 'InstanceGroupsChanged')).toHaveLength(1);
      expect(fake.instances.get(id)?.groups).toEqual(['sg-server']);
      expect(await condition(cluster)).toMatchObject({ status: 'True' });
    }));

  it('of one that is terminated meanwhile hold its replacement up by nothing', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      const id = moveByHand(fake);
      fake.before = async (name) => {
        const view = fake.instances.get(id);
        if (name === 'setInstanceGroups' && view !== undefined)
          fake.instances.set(id, { ...view, state: 'terminated' });
      };

      // Act
      await tellInstances(fake, cluster);
      await cluster.until(({ nodes, health }) => health === 'Healthy' && nodes.every((node) => node.instanceId !== id));

      // Assess
      expect(setCalls(fake)).toBe(1);
      expect(await told(cluster, 'InstanceLost')).toEqual([`server-0: ${id} was terminated`]);
    }));

  it('that are as Keelson has left them wake no one', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.healthy();

      await tellInstances(fake, cluster);
      // The answer to a query comes behind the signal.
      await cluster.status();

      expect(await told(cluster, 'ReconcileRequested')).toEqual([]);
    }));

  it('that Keelson may not set are told as denied, hold up no other repair, and are set after a retry', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      fake.before = async (name) => {
        if (name === 'setInstanceGroups') throw DENIED;
      };
      const id = moveByHand(fake);
      const last = [...fake.instances.values()].at(-1);

      // Act
      await tellInstances(fake, cluster);
      const denied = await cluster.until((seen) => seen.operations.at(-1)?.outcome === 'failed');
      const said = await condition(cluster);
      if (last !== undefined) fake.instances.set(last.id, { ...last, state: 'stopped' });
      await tellInstances(fake, cluster);
      const repaired = await cluster.until((seen) => seen.operations.at(-1)?.outcome === 'done');
      const calls = setCalls(fake);
      fake.before = async () => undefined;
      await cluster.workflow.signal('retry', {});
      await cluster.until((seen) => seen.operations.length > repaired.operations.length && seen.operation === null);

      // Assess
      expect(denied.operations.at(-1)).toMatchObject({ kind: 'repair', steps: [{ id: 'set-groups:server-0' }] });
      expect(said).toMatchObject({
        status: 'False',
        message: expect.stringMatching(/server-0: i-\d+ is not in sg-server .* AWS refuses the change: .*Unauthorized/),
      });
      expect(await told(cluster, 'InstanceGroupsRefused')).toEqual([
        expect.stringContaining('server-0: its groups were changed by hand and cannot be set again: '),
      ]);
      expect(repaired.operations.at(-1)?.steps.map(({ kind }) => kind)).toContain('start-instance');
      expect(calls).toBe(1);
      expect(fake.instances.get(id)?.groups).toEqual(['sg-server']);
    }));
});
