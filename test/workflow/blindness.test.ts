import { afterAll, beforeAll, describe, it } from 'vitest';
import type { StatusView } from '../../src/model/status.js';
import type { WatchReport } from '../../src/model/watch/report.js';
import { failed } from './fake-activities.js';
import { type Handle, openBench, type WorkflowBench, written } from './harness.js';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const DENIED = {
  code: 'UnauthorizedOperation',
  class: 'auth',
  message: 'DescribeInstances by tag:keelson:uid: UnauthorizedOperation: You are not authorized',
  advice: 'allow ec2:DescribeInstances',
} as const;

const condition = (status: StatusView, type: string) => status.conditions.find((one) => one.type === type);
const unknown = (status: StatusView) =>
  status.conditions.filter((one) => one.status === 'Unknown').map(({ type }) => type);
const look = (cluster: Handle) => cluster.workflow.signal('look', { reason: 'a test' });
const tell = (cluster: Handle, report: WatchReport) => cluster.workflow.signal('look', { reason: 'a test', report });
const reasons = async (cluster: Handle) => (await cluster.events()).map(({ reason }) => reason);

/** What the region watch tells when it may not list instances. */
const blindReport = (at = new Date().toISOString()): WatchReport => ({
  at,
  failures: (['instances', 'checks', 'agents', 'nodes'] as const).map((subject) => {
    const { code, class: errorClass, message, advice } = DENIED;
    return { subject, code, class: errorClass, message, hint: advice, since: at };
  }),
});

describe.concurrent('a cluster that cannot observe itself', () => {
  it('says so after the first failed observation, with the cause, and again when it can', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();

      // Act
      fake.before = async (name) => {
        if (name === 'observeInstances') throw failed(DENIED);
      };
      await look(cluster);
      const blind = await cluster.until((status) => condition(status, 'Observed')?.status === 'False');
      fake.before = async () => undefined;
      await look(cluster);
      const seeing = await cluster.healthy();

      // Assess
      expect(condition(blind, 'Observed')).toMatchObject({ reason: 'ObservationFailed', advice: DENIED.advice });
      expect(condition(blind, 'Observed')?.message).toContain(DENIED.message);
      expect(blind).toMatchObject({ phase: 'Running', health: 'Unknown' });
      expect(unknown(blind)).toEqual([
        'InstancesRunning',
        'InstancesHealthy',
        'InstancesTagged',
        'TypesAsAsked',
        'AgentsOnline',
      ]);
      expect(blind.nodes.map((node) => node.power)).toEqual(['unknown', 'unknown', 'unknown']);
      expect(condition(seeing, 'Observed')?.status).toBe('True');
      const told = (await reasons(cluster)).filter((reason) => /^Observ/.test(reason));
      expect(told).toEqual(['ObservationFailed', 'ObservedAgain']);
    }));

  it('hides only what is hidden: the checks of EC2 are denied, and a lost server is replaced all the same', ({
    expect,
  }) =>
    bench.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      fake.unseen = [{ subject: 'checks', error: { ...DENIED, message: 'DescribeInstanceStatus: no' } }];

      // Act
      const [lost] = fake.instances.values();
      if (lost !== undefined) fake.instances.set(lost.id, { ...lost, state: 'terminated' });
      await look(cluster);
      const status = await cluster.until(
        (one) =>
          one.operations.length === 2 && one.operation === null && condition(one, 'DisksFree')?.status === 'True',
      );

      // Assess
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(unknown(status)).toEqual(['InstancesHealthy']);
      expect(condition(status, 'Observed')).toMatchObject({ status: 'False', advice: DENIED.advice });
    }));

  it('does not call a node measured that does not answer', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.healthy();
      fake.onJob = ({ script, params }) =>
        script === 'probe' && params['ROLE'] === 'server' ? { outcome: 'undelivered', exitCode: null } : null;
      await look(cluster);
      const status = await cluster.until((one) => condition(one, 'DisksFree')?.status === 'Unknown');
      expect(condition(status, 'DisksFree')?.message).toContain('it does not answer');
      expect(condition(status, 'NodesReady')?.status).toBe('True');
      expect(status.health).toBe('Unknown');
    }));
});

describe.concurrent('a cluster whose region watch is blind', () => {
  it('is told once, says so, looks for nothing itself, and is well again when it is told so', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      const calls = () => fake.calls.filter((name) => name !== 'writeStatus').length;
      const before = calls();

      // Act
      await tell(cluster, blindReport());
      const blind = await cluster.until((status) => condition(status, 'Observed')?.status === 'False');
      await expect.poll(() => fake.statuses.at(-1)).toMatchObject({ health: 'Unknown' });
      await tell(cluster, { at: new Date().toISOString(), failures: [] });
      const seeing = await cluster.healthy();

      // Assess
      expect(blind.health).toBe('Unknown');
      expect(blind.nodes.map((node) => node.ready)).toEqual(['Unknown', 'Unknown', 'Unknown']);
      expect(condition(blind, 'NodesReady')).toMatchObject({ status: 'Unknown', reason: 'NotObserved' });
      expect(condition(seeing, 'Observed')?.message).toContain('by the region watch');
      expect(calls()).toBe(before);
    }));

  it('takes a report that comes again for the same, and one that was overtaken for none', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      const early = new Date().toISOString();
      await tell(cluster, blindReport(new Date(Date.now() + 1).toISOString()));
      await cluster.until((status) => condition(status, 'Observed')?.status === 'False');
      await expect.poll(() => fake.statuses.at(-1)).toMatchObject({ health: 'Unknown' });
      const events = (await cluster.events()).length;
      const statuses = fake.statuses.length;

      // Act
      await tell(cluster, blindReport(new Date(Date.now() + 60_000).toISOString()));
      await tell(cluster, { at: early, failures: [] });
      const status = await cluster.status();

      // Assess
      expect(condition(status, 'Observed')?.status).toBe('False');
      expect((await cluster.events()).length).toBe(events);
      expect(fake.statuses.length).toBe(statuses);
    }));

  it('is blind when its watch cannot be started', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      fake.before = async (name) => {
        if (name === 'ensureWatch') throw failed({ ...DENIED, code: 'Unexpected', message: 'start the watch: no' });
      };
      const cluster = await start(written());
      const blind = await cluster.until((status) => condition(status, 'Observed')?.status === 'False');
      fake.before = async () => undefined;
      await look(cluster);
      const seeing = await cluster.healthy();
      expect(condition(blind, 'Observed')?.message).toMatch(/the region watch cannot be started: start the watch: no/);
      expect(condition(seeing, 'Observed')?.status).toBe('True');
    }));
});

describe.concurrent('a cluster that is being made', () => {
  it('has no condition that is True before anything was measured, and none that is False', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      // Prepare: the first server is not founded yet
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      fake.before = async (name, input: { script?: string }) => {
        if (name === 'runOnNodes' && input.script === 'found') await held;
      };
      // Act
      const cluster = await start(written());
      const status = await cluster.until(
        ({ operation }) => operation?.steps.some((step) => step.kind === 'found') ?? false,
      );
      release();
      // Assess
      const known = status.conditions.filter((one) => one.status !== 'Unknown').map(({ type }) => type);
      expect([
        'InstancesRunning',
        'InstancesTagged',
        'TypesAsAsked',
        'GroupRulesInSync',
        'AgentsOnline',
        'K3sInstalled',
      ]).toEqual(expect.arrayContaining(known));
      expect(status.conditions.filter((one) => one.status === 'False')).toEqual([]);
      await cluster.healthy();
    }));
});

describe.concurrent('status.yaml that cannot be written', () => {
  it('is a condition with the cause, says nothing about health, and is written as soon as it can be', ({ expect }) =>
    bench.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      const message = 'PutObject ops/clusters/demo/status.yaml: AccessDenied: no';
      fake.before = async (name) => {
        if (name === 'writeStatus')
          throw failed({ code: 'AccessDenied', class: 'auth', message, advice: 'allow s3:PutObject' });
      };
      // Act
      await cluster.workflow.signal('pause', {});
      const denied = await cluster.until((status) => condition(status, 'StatusStored') !== undefined);
      fake.before = async () => undefined;
      await cluster.workflow.signal('resume', {});
      const stored = await cluster.until((status) => condition(status, 'StatusStored') === undefined);
      // Assess
      expect(condition(denied, 'StatusStored')).toMatchObject({ status: 'False', advice: 'allow s3:PutObject' });
      expect(condition(denied, 'StatusStored')?.message).toContain(message);
      expect(denied.health).toBe('Healthy');
      await expect.poll(() => fake.statuses.at(-1)).toEqual(stored);
      expect((await reasons(cluster)).filter((reason) => reason === 'StatusNotWritten')).toHaveLength(1);
    }));
});
