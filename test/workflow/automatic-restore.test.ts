import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeActivities, failed } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture?.close());

const DOCUMENT = written({ mode: 'ha', backup: { restore: 'automatic' } });
const SERVERS = ['server-0', 'server-1', 'server-2'];

/** EC2 shows them as terminated. */
function terminate(fake: FakeActivities, ...slots: string[]): void {
  for (const [id, view] of fake.instances)
    if (slots.includes(view.slot)) fake.instances.set(id, { ...view, state: 'terminated' });
}

/** A cluster that has a backup. */
async function backedUp(start: (document: unknown) => Promise<Handle>): Promise<Handle> {
  const cluster = await start(DOCUMENT);
  await cluster.healthy();
  await backUp(cluster);
  return cluster;
}

async function backUp(cluster: Handle): Promise<void> {
  await cluster.workflow.executeUpdate('backup', { args: [{}] });
  await cluster.until((status) => status.backup.id !== null && status.operation === null);
}

const restores = (fake: FakeActivities): number => fake.jobs.filter(({ script }) => script === 'restore').length;
const isRestored = (cluster: Handle) =>
  cluster.until(({ operations }) => operations.some(({ kind, outcome }) => kind === 'restore' && outcome === 'done'));

describe.concurrent('a cluster that may be restored without a request', () => {
  it('is, when every server is lost with its disk, and people see who has asked for it', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await backedUp(start);
      const { backup } = await cluster.status();

      // Act
      terminate(fake, ...SERVERS);
      await cluster.workflow.signal('reconcile', {});
      const { operations } = await isRestored(cluster);

      // Assess
      expect(operations.find(({ kind }) => kind === 'restore')).toMatchObject({ requestedBy: 'Keelson' });
      expect(restores(fake)).toBe(1);
      const told = (await cluster.events()).find(({ reason }) => reason === 'AutomaticRestore');
      expect(told?.message).toContain('etcd has lost its quorum');
      expect(told?.message).toContain(`backup ${backup.id}`);
    }));

  it('is done while another server cannot be launched, which comes when it can', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await backedUp(start);
      const launched = fake.launches.length;
      let refused = true;
      fake.before = async (name, { slot }: { slot?: string }) => {
        if (name === 'launchInstance' && slot === 'server-2' && refused)
          throw failed({ code: 'VcpuLimitExceeded', class: 'quota', message: 'by the test', hint: '' });
      };

      // Act
      terminate(fake, ...SERVERS);
      await cluster.workflow.signal('reconcile', {});
      const { operation } = await cluster.until(
        (status) =>
          status.operation?.steps.some(({ kind, outcome }) => kind === 'restore' && outcome === 'done') ?? false,
      );
      refused = false;
      await cluster.workflow.executeUpdate('retry', { args: [{}] });
      // A retry plans again: what is left after the restore is an update.
      const { nodes } = await cluster.until(
        (status) =>
          status.operation === null && status.operations.at(-1)?.outcome === 'done' && status.nodes.length === 3,
      );

      // Assess
      expect(operation?.steps.find(({ id }) => id === 'launch:server-2')).toMatchObject({ outcome: 'failed' });
      expect(nodes.map(({ generation, ready }) => ({ generation, ready }))).toEqual(
        SERVERS.map(() => ({ generation: 2, ready: 'True' })),
      );
      expect(
        fake.launches
          .slice(launched)
          .map(({ slot }) => slot)
          .sort(),
      ).toEqual(SERVERS);
      expect(restores(fake)).toBe(1);
    }));

  it('waits for a person while one server is left, and says why', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await backedUp(start);

      // Act
      terminate(fake, 'server-0', 'server-2');
      await cluster.workflow.signal('reconcile', {});
      const { lastError, operation } = await cluster.until((status) => status.lastError?.code === 'QuorumLost');

      // Assess
      expect(operation).toBeNull();
      expect(lastError?.hint).toContain('a person decides: server-1 has');
      expect(lastError?.hint).toContain('keelson restore demo --wait');
      expect(fake.calls).not.toContain('findServerDisks');
      expect(fake.jobs.some(({ script }) => script === 'rehearse')).toBe(false);
    }));

  it('waits while a volume of a server is left, and asks EC2 again until it is gone', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await backedUp(start);
      fake.disks = [{ id: 'vol-7', slot: 'server-1' }];

      // Act
      terminate(fake, ...SERVERS);
      await cluster.workflow.signal('reconcile', {});
      const { lastError } = await cluster.until((status) => status.lastError?.code === 'QuorumLost');
      const early = restores(fake);
      fake.disks = [];
      await isRestored(cluster);

      // Assess
      expect(lastError?.hint).toContain('EC2 still has vol-7 (server-1)');
      expect(early).toBe(0);
      expect(restores(fake)).toBe(1);
    }));

  it('waits while EC2 does not tell what is left', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await backedUp(start);
      fake.before = async (name) => {
        if (name === 'findServerDisks')
          throw failed({ code: 'UnauthorizedOperation', class: 'auth', message: 'by the test', hint: '' });
      };

      // Act
      terminate(fake, ...SERVERS);
      await cluster.workflow.signal('reconcile', {});
      const { lastError } = await cluster.until((status) => status.lastError?.code === 'QuorumLost');

      // Assess
      expect(lastError?.hint).toContain('UnauthorizedOperation');
      expect(restores(fake)).toBe(0);
    }));

  it('hears a pause that comes while EC2 is asked, and goes on after resume', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await backedUp(start);
      let answer: () => void = () => undefined;
      const asked = new Promise<void>((resolve) => {
        answer = resolve;
      });
      fake.before = async (name) => {
        if (name === 'findServerDisks') await asked;
      };
      terminate(fake, ...SERVERS);
      await cluster.workflow.signal('reconcile', {});
      await cluster.waitsFor('findServerDisks');

      // Act
      await cluster.workflow.signal('pause', {});
      await cluster.until(({ paused }) => paused);
      answer();
      await cluster.waitsFor();
      const { operations, restore } = { ...(await cluster.status()), restore: restores(fake) };
      await cluster.workflow.signal('resume', {});
      await isRestored(cluster);

      // Assess
      expect(restore).toBe(0);
      expect(operations.some(({ kind }) => kind === 'restore')).toBe(false);
    }));

  it('is once for each backup: lost a second time, it waits for a person until there is another backup', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await backedUp(start);
      const lose = async () => {
        terminate(fake, ...SERVERS);
        await cluster.workflow.signal('reconcile', {});
      };
      await lose();
      await isRestored(cluster);
      await cluster.healthy();

      // Act
      await lose();
      const { lastError } = await cluster.until((status) => status.lastError?.code === 'QuorumLost');

      // Assess
      expect(lastError?.hint).toContain('a restore came after backup');
      expect(restores(fake)).toBe(1);
    }));

  it('is tried once where the backup cannot be restored: then its reason is said, and a person decides', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await backedUp(start);
      let rehearsals = 0;
      fake.onJob = ({ script }) => {
        if (script !== 'rehearse') return null;
        rehearsals += 1;
        return { outcome: 'failed', result: { code: 'SnapshotDamaged' } };
      };

      // Act
      terminate(fake, ...SERVERS);
      await cluster.workflow.signal('reconcile', {});
      const { lastError } = await cluster.until(
        (status) =>
          status.operation === null &&
          status.lastError?.code === 'SnapshotDamaged' &&
          status.operations.some(({ kind }) => kind === 'restore'),
      );
      const looks = () => fake.calls.filter((name) => name === 'observeInstances').length;
      const before = looks();
      await cluster.workflow.signal('reconcile', {});
      await cluster.until(({ waiting, operation }) => looks() > before && operation === null && waiting !== null);
      const unasked = rehearsals;
      await cluster.workflow.executeUpdate('retry', { args: [{}] });
      await cluster.until(
        (status) => status.operation === null && rehearsals === 2 && status.lastError?.code === 'SnapshotDamaged',
      );

      // Assess
      expect(lastError?.message).toContain('nothing was restored, and the cluster has lost its quorum');
      expect(lastError?.hint).toContain('--from restores another backup');
      expect(unasked).toBe(1);
      expect((await cluster.events()).map(({ reason }) => reason)).toContain('RestoreFailed');
    }));
});
