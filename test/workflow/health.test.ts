import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

/** What a start by our own hand brings about is over soon. */
const SOON = { health: { gracePeriod: '10s' } };
const condition = (status: StatusView, type: string) => status.conditions.find((one) => one.type === type);

const deepProbes = ({ jobs }: { jobs: readonly { script: string; params: Record<string, string> }[] }) =>
  jobs.filter(({ script, params }) => script === 'probe' && params['DEEP'] === 'true').length;

describe.concurrent('an unhealthy node', () => {
  it('is rebooted when its agent stays lost, drained before, and left alone when that has helped', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ health: { gracePeriod: '10s', replaceAfter: '1m' } }));
      await cluster.settled('Running');
      const lost = [...fake.instances.values()].find((view) => view.slot === 'server-1')?.id ?? '';
      let rebooted = 0;
      fake.before = async (name) => {
        if (name === 'rebootInstances') rebooted += 1;
      };
      fake.onReconcile = (view) => (view.id === lost && rebooted === 0 ? { agent: 'lost' } : {});
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      expect(status.operations[1]?.steps.map((step) => step.kind)).toEqual([
        'check-quorum',
        'drain',
        'recheck-quorum',
        'reboot',
        'uncordon',
        'verify',
      ]);
      expect(rebooted).toBe(1);
      expect(fake.launches).toHaveLength(3);
    }));

  it('has its K3s started again, and no more than seen twice', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written(SOON));
      await cluster.settled('Running');
      const starts = () => fake.jobs.filter((job) => job.script === 'service-start').length;
      let looks = 0;
      fake.onProbe = ({ slot }) => {
        if (slot === 'server-2') looks += 1;
        return slot === 'server-2' && starts() === 0 ? { service: 'failed' } : {};
      };
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(status.operations[1]?.steps[0]).toMatchObject({ id: 'start-service:server-2', phase: 'Configuring' });
      expect(starts()).toBe(1);
      expect(looks).toBeGreaterThanOrEqual(2);
    }));

  it('is repaired for its cause, although a report ends the observation that has seen only what follows from it', ({
    expect,
  }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: a stopped K3s, and its node that is not Ready
      const cluster = await start(written(SOON));
      await cluster.settled('Running');
      const server = [...fake.instances.values()].find((view) => view.slot === 'server-2');
      const starts = () => fake.jobs.filter((job) => job.script === 'service-start').length;
      fake.onProbe = ({ slot }) => (slot === 'server-2' && starts() === 0 ? { service: 'inactive' } : {});
      fake.kubernetes.set('demo-server-2-g1', `False,True,v1.34.2+k3s1,true,${server?.privateIp},-`);
      let probes = 0;
      fake.before = async (name, input: { script?: string; instanceIds?: string[] }) => {
        if (input.script === 'service-start') fake.kubernetes.delete('demo-server-2-g1');
        if (name !== 'runOnNodes' || input.script !== 'probe') return;
        probes += 1;
        // The observation that would confirm both: Kubernetes has answered, the nodes have not.
        if (probes !== 2) return;
        await cluster.until((one) => condition(one, 'NodesReady')?.status === 'False');
        const seen = [{ id: server?.id, state: 'running', k3s: 'service=inactive' }];
        await cluster.workflow.signal('reconcile', { regionReport: { uid: '', whole: false, seen } });
        const isHeard = async () =>
          (await cluster.events()).some(({ message }) => message.includes('says service=inactive'));
        while (!(await isHeard()));
      };

      // Act
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);

      // Assess
      expect(probes).toBeGreaterThanOrEqual(3);
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(status.operations[1]?.steps.map(({ id }) => id)).toEqual(['start-service:server-2', 'verify']);
      expect((await cluster.events()).map(({ message }) => message)).toContain('server-2: its K3s service is inactive');
    }));

  it('shows what is asked only every few hours when a person asks: the end of its certificates', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ ...SOON }));
      await cluster.settled('Running');
      await cluster.until((one) => condition(one, 'CertificatesValid')?.status === 'True');
      const before = deepProbes(fake);

      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      await cluster.until((one) => one.operation === null && deepProbes(fake) > before);
      expect(deepProbes(fake)).toBe(before + 1);
    }));

  it('is a stale node that has no instance: removed, an etcd member first', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written(SOON));
      await cluster.settled('Running');
      fake.kubernetes.set('demo-server-1-g0', 'False,True,v1.34.2+k3s1,true,10.0.0.9,-');
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      expect(status.operations[1]?.steps[0]).toMatchObject({ kind: 'remove-stale-nodes', outcome: 'done' });
      const removed = fake.jobs.find((job) => job.script === 'remove-node')?.params;
      expect(removed).toEqual({ NODE_NAME: 'demo-server-1-g0', ROLE: 'server' });
      expect(status.health).toBe('Healthy');
    }));

  it('waits for `repair` where autoRepair is false, and is reported', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ health: { gracePeriod: '10s', autoRepair: false } }));
      await cluster.settled('Running');
      const [server] = [...fake.instances.values()].filter((view) => view.slot === 'server-1');
      if (server !== undefined) fake.instances.set(server.id, { ...server, state: 'terminated' });
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      const told = await cluster.until((one) => one.lastError?.code === 'RepairApprovalRequired');
      const launched = fake.launches.length;
      const nothing = await cluster.workflow.executeUpdate<{ message: string }, [unknown]>('repair', { args: [{}] });
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      expect(told).toMatchObject({ phase: 'Running', health: 'Degraded' });
      expect(told.lastError?.message).toContain('server-1: launch');
      expect(launched).toBe(3);
      expect(nothing.message).toContain('repaired');
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(status.lastError).toBeNull();
      const again = await cluster.workflow.executeUpdate<{ message: string }, [unknown]>('repair', { args: [{}] });
      expect(again.message).toContain('nothing is held back');
    }));

  it('is reported where nothing can be done: a disk that is full, for as long as two observations say so', ({
    expect,
  }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written(SOON));
      await cluster.settled('Running');
      let full = true;
      fake.onProbe = ({ slot }) => (slot === 'server-0' && full ? { 'disk-used-percent': '97' } : {});
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      const told = await cluster.until((one) => condition(one, 'DisksFree')?.status === 'False');
      full = false;
      const status = await cluster.until((one) => condition(one, 'DisksFree')?.status === 'True');
      expect(condition(told, 'DisksFree')?.message).toBe(
        '2 of 3 nodes have room on their disks; server-0: its disk is 97 % full',
      );
      expect(told.health).toBe('Degraded');
      expect(status.health).toBe('Healthy');
      expect(status.operations).toHaveLength(1);
      expect((await cluster.events()).map((event) => event.reason)).toEqual(
        expect.arrayContaining(['Unhealthy', 'Recovered']),
      );
    }));

  it('is started, and what it is started for is not held against it', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: seldom looked at, for nothing is wrong
      const cluster = await start(written());
      await cluster.settled('Running');
      const looks = fake.calls.filter((name) => name === 'observeInstances').length;
      fake.onProbe = () => ({ service: 'failed' });
      // Act: within the grace
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      await cluster.until(() => fake.calls.filter((name) => name === 'observeInstances').length >= looks + 3);
      // Assess
      const status = await cluster.status();
      expect(status.operations).toHaveLength(1);
      expect(condition(status, 'K3sRunning')?.status).toBe('True');
    }));
});

describe('a cluster that is stopped', () => {
  it('is not managed', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.settled('Running');
      fake.onReconcile = () => ({ failedChecks: ['system'] });
      await cluster.workflow.signal('stop', {});
      await cluster.settled('Stopped');
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      const looks = fake.calls.filter((name) => name === 'observeInstances').length;
      await cluster.until(() => fake.calls.filter((name) => name === 'observeInstances').length > looks);
      expect(await cluster.status()).toMatchObject({ phase: 'Stopped', health: 'Unknown' });
    }));
});
