import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepInput } from '#src/activities/api.js';
import type { DrillReport } from '#src/model/drill/state.js';
import { type FakeActivities, failed } from './fake-activities.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';
import { holdAt } from './support/hold-at.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture?.close());

const DOCUMENT = written({ backup: {} });
const NO_CAPACITY = {
  code: 'InsufficientInstanceCapacity',
  class: 'capacity',
  message: 'none in this zone',
  hint: '',
} as const;

interface Inputs {
  slot?: string;
  launch?: { imageId: string; subnetId: string };
  vpcId?: string;
}

const isLaunch = (name: string, { slot }: { slot?: string }): boolean => name === 'launchInstance' && slot === 'drill';

describe.concurrent('a drill', () => {
  it('tells its cluster what it has proven, and how long its machine was there', () =>
    fixture.withWorker(async ({ fake, start, client, replay }) => {
      // Prepare
      fake.onJob = ({ script }) => (script === 'drill' ? { outcome: 'done', result: { 'count.pods': '7' } } : null);
      const cluster = await start(DOCUMENT);
      await cluster.healthy();

      // Act
      await cluster.workflow.executeUpdate('drill', { args: [{}] });
      const { drill, conditions, health, operations } = await cluster.until((status) => status.drill.last !== null);

      // Assess
      expect(drill).toMatchObject({ asked: false, running: null, last: { objects: 7, problem: null } });
      expect(conditions.find(({ type }) => type === 'BackupProven')).toMatchObject({ status: 'True' });
      expect({ health, kinds: operations.map(({ kind }) => kind) }).toEqual({ health: 'Healthy', kinds: ['create'] });
      const report = (await client.workflow.getHandle('drill/demo').result()) as DrillReport;
      expect(report).toEqual(drill.last);
      expect(fake.launches.filter(({ slot }) => slot === 'drill')).toHaveLength(1);
      expect(fake.launches.at(-1)?.launch.securityGroupIds).toEqual(['sg-drill']);
      await replay(cluster);
    }));

  it('begins before the observation that its request has interrupted is repeated', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(DOCUMENT);
      await cluster.healthy();
      const observations = holdAt(fake, (name) => name === 'observeInstances');
      await cluster.workflow.signal('reconcile', { reason: 'the test' });
      await observations.reached;

      // Act: none of them ends before the drill has
      await cluster.workflow.signal('drill', {});
      const { drill } = await cluster.until((status) => status.drill.last !== null);
      observations.open();

      // Assess
      expect(drill).toMatchObject({ asked: false, last: { problem: null } });
    }));

  it('that fails takes its machine away first, and changes nothing of the cluster', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      fake.onJob = ({ script }) =>
        script === 'drill' ? { outcome: 'failed', result: { code: 'SnapshotTokenMismatch' } } : null;
      const swept: (string | undefined)[] = [];
      fake.before = async (name, input: SweepInput) => {
        if (name === 'sweep') swept.push(input.only);
      };
      const cluster = await start(DOCUMENT);
      await cluster.healthy();

      // Act
      await cluster.workflow.signal('drill', {});
      const status = await cluster.until(({ drill }) => drill.last !== null);

      // Assess
      expect(status).toMatchObject({ health: 'Healthy', phase: 'Running', lastError: null, operation: null });
      expect(status.conditions.find(({ type }) => type === 'BackupProven')).toMatchObject({
        status: 'False',
        reason: 'SnapshotTokenMismatch',
      });
      expect(swept).toEqual(['drill', 'drill']);
      expect(await cluster.events()).toContainEqual(expect.objectContaining({ reason: 'DrillFailed' }));
    }));

  it('tries the next subnet where one has no capacity', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(DOCUMENT);
      await cluster.healthy();
      let refusals = 2;
      fake.before = async (name, input: { slot?: string }) => {
        if (isLaunch(name, input) && refusals-- > 0) throw failed(NO_CAPACITY);
      };

      // Act
      await cluster.workflow.signal('drill', {});
      const { drill } = await cluster.until((status) => status.drill.last !== null);

      // Assess
      expect(drill.last).toMatchObject({ problem: null });
    }));

  it.for([
    {
      what: 'image',
      code: 'InvalidAMIID.NotFound',
      isGone: (name: string, { slot, launch }: Inputs) =>
        name === 'launchInstance' && slot === 'drill' && launch?.imageId === 'ami-1',
      change: (fake: FakeActivities) => {
        fake.imageId = 'ami-2';
      },
    },
    {
      what: 'VPC',
      code: 'InvalidVpcID.NotFound',
      isGone: (name: string, { vpcId }: Inputs) => name === 'ensureDrillGroup' && vpcId === 'vpc-1',
      change: (fake: FakeActivities) => {
        fake.vpcId = 'vpc-2';
      },
    },
    {
      what: 'subnet',
      code: 'InvalidSubnetID.NotFound',
      isGone: (name: string, { slot, launch }: Inputs) =>
        name === 'launchInstance' && slot === 'drill' && launch?.subnetId === 'subnet-a',
      change: (fake: FakeActivities) => {
        fake.zones = ['b', 'c'];
      },
    },
  ])('looks up again what EC2 calls gone since its cluster was made: $what', ({ code, isGone, change }, { expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      Object.assign(fake, { imageId: 'ami-1', vpcId: 'vpc-1', zones: ['a', 'b', 'c'] });
      const cluster = await start(DOCUMENT);
      await cluster.healthy();
      fake.before = async (name, input: Inputs) => {
        if (name === 'resolveLaunchConfig') change(fake);
        if (isGone(name, input)) throw failed({ code, class: 'invalid', message: `${code} by EC2`, hint: '' });
      };

      // Act
      await cluster.workflow.signal('drill', {});
      const { drill } = await cluster.until((status) => status.drill.last !== null);

      // Assess
      expect(drill.last).toMatchObject({ problem: null });
      expect(fake.launches.filter(({ slot }) => slot === 'drill')).toHaveLength(1);
    }),
  );

  it('asks once more and not again, and tells what is gone', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(DOCUMENT);
      await cluster.healthy();
      const asked: string[] = [];
      fake.before = async (name, input: Inputs) => {
        if (name === 'resolveLaunchConfig' || isLaunch(name, input)) asked.push(name);
        if (isLaunch(name, input))
          throw failed({ code: 'InvalidAMIID.Unavailable', class: 'invalid', message: 'gone', hint: '' });
      };

      // Act
      await cluster.workflow.signal('drill', {});
      const { drill } = await cluster.until((status) => status.drill.last !== null);

      // Assess
      expect(asked).toEqual(['launchInstance', 'resolveLaunchConfig', 'launchInstance']);
      expect(drill.last).toMatchObject({ problem: { code: 'InvalidAMIID.Unavailable' } });
    }));

  it('is ended by a delete of its cluster, which waits until its machine is gone', () =>
    fixture.withWorker(async ({ fake, start, client }) => {
      // Prepare
      const cluster = await start(DOCUMENT);
      await cluster.healthy();
      const gate = holdAt(fake, isLaunch);
      await cluster.workflow.signal('drill', {});
      await gate.reached;

      // Act
      await cluster.workflow.signal('delete', { confirm: 'demo' });
      await cluster.until(({ operation }) => operation?.kind === 'delete');
      const calls = fake.calls.length;
      gate.open();
      await cluster.workflow.result();

      // Assess
      expect(await client.workflow.getHandle('drill/demo').result()).toMatchObject({
        problem: { code: 'DrillCancelled' },
      });
      const since = fake.calls.slice(calls);
      expect(since.indexOf('sweep'), 'the drill sweeps before the cluster terminates').toBeLessThan(
        since.indexOf('terminateInstances'),
      );
    }));

  it('is one at a time, and is refused while the cluster is stopped', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(DOCUMENT);
      await cluster.healthy();
      const gate = holdAt(fake, isLaunch);

      // Act
      await cluster.workflow.signal('drill', {});
      await gate.reached;
      const second = await cluster.workflow.executeUpdate<{ message: string }, [unknown]>('drill', { args: [{}] });
      gate.open();
      await cluster.until((status) => status.drill.last !== null);
      await cluster.workflow.signal('stop', {});
      await cluster.settled('Stopped');

      // Assess
      expect(second.message).toContain('a drill of demo is under way');
      expect(fake.launches.filter(({ slot }) => slot === 'drill')).toHaveLength(1);
      await expect(cluster.workflow.executeUpdate('drill', { args: [{}] })).rejects.toThrow();
    }));
});
