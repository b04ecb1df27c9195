import { afterAll, beforeAll, describe, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import type { WatchReport } from '#src/model/watch/report.js';
import { failed } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const DENIED = {
  code: 'UnauthorizedOperation',
  class: 'auth',
  message: 'DescribeInstances by tag:keelson:uid: UnauthorizedOperation: You are not authorized',
  hint: 'allow ec2:DescribeInstances',
} as const;

const condition = (status: StatusView, type: string) => status.conditions.find((one) => one.type === type);
const unknown = (status: StatusView) =>
  status.conditions.filter((one) => one.status === 'Unknown').map(({ type }) => type);
const look = (cluster: Handle) => cluster.workflow.signal('reconcile', { reason: 'a test' });
const tell = (cluster: Handle, report: WatchReport) =>
  cluster.workflow.signal('reconcile', { reason: 'a test', report });
const reasons = async (cluster: Handle) => (await cluster.events()).map(({ reason }) => reason);

/** What the region watch tells when it may not list instances. */
const blindReport = (at = new Date().toISOString()): WatchReport => ({
  at,
  failures: (['instances', 'checks', 'agents', 'nodes'] as const).map((subject) => {
    const { code, class: errorClass, message, hint } = DENIED;
    return { subject, code, class: errorClass, message, hint: hint, since: at };
  }),
});

describe.concurrent('a cluster that cannot observe itself', () => {
  it('says so after the first failed observation, with the cause, and again when it can', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
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
      expect(condition(blind, 'Observed')).toMatchObject({ reason: 'ObservationFailed', hint: DENIED.hint });
      expect(condition(blind, 'Observed')?.message).toContain(DENIED.message);
      expect(blind).toMatchObject({ phase: 'Running', health: 'Unknown' });
      expect(unknown(blind)).toEqual([
        'InstancesRunning',
        'InstancesHealthy',
        'InstancesTagged',
        'InstanceTypesInSync',
        'InstanceGroupsInSync',
        'AgentsOnline',
      ]);
      expect(blind.nodes.map((node) => node.power)).toEqual(['unknown', 'unknown', 'unknown']);
      expect(condition(seeing, 'Observed')?.status).toBe('True');
      const told = (await reasons(cluster)).filter((reason) => /^Observ/.test(reason));
      expect(told).toEqual(['ObservationFailed', 'ObservedAgain']);
    }));

  it('hides only what is hidden: the checks of EC2 are denied, and a lost server is replaced anyway', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      fake.unseen = [{ subject: 'checks', error: { ...DENIED, message: 'DescribeInstanceStatus: no' } }];

      // Act
      const [lost] = fake.instances.values();
      if (lost !== undefined) fake.instances.set(lost.id, { ...lost, state: 'terminated' });
      await look(cluster);
      const status = await cluster.until(
        (one) => one.operations.length === 2 && one.operation === null && unknown(one).join() === 'InstancesHealthy',
      );

      // Assess
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
      expect(condition(status, 'DisksFree')?.status).toBe('True');
      expect(condition(status, 'Observed')).toMatchObject({ status: 'False', hint: DENIED.hint });
    }));

  it('does not call a node measured that does not answer', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
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

  it('does not go on calling nodes Ready that no server lists, though each API server is ready', ({ expect }) =>
    fixture.withWorker(async ({ fake, start, replay }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      const logTail = [
        'Error from server (Timeout): no response',
        'error: the API server of this node does not list nodes (look at the k3s service)',
      ].join('\n');
      const unlisted = { result: { code: 'ApiUnreachable' }, logTail };
      fake.onJob = ({ script }) => (script === 'verify' ? unlisted : null);

      // Act
      await look(cluster);
      const hidden = await cluster.until((one) => condition(one, 'NodesReady')?.status === 'Unknown');
      fake.onJob = () => null;
      await look(cluster);
      await cluster.healthy();

      // Assess
      expect(condition(hidden, 'NodesReady')?.message).toMatch(/no server lists its nodes: server-.*no response$/);
      expect(hidden).toMatchObject({ phase: 'Running', health: 'Unknown' });
      expect(condition(hidden, 'K3sRunning')?.status).toBe('True');
      const told = (await cluster.events()).filter(({ message }) => message.startsWith('Kubernetes'));
      expect(told.map(({ reason }) => reason)).toEqual(['Unhealthy', 'Recovered']);
      await replay(cluster);
    }));

  it('does not go on calling nodes Ready of which Kubernetes has none any more', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ health: { gracePeriod: '10s' } }));
      await cluster.healthy();
      fake.onJob = ({ script }) =>
        script === 'verify' ? { outcome: 'done', exitCode: 0, result: { api: 'ok' } } : null;
      await look(cluster);
      const empty = await cluster.until((one) => condition(one, 'NodesReady')?.status === 'False');
      expect(condition(empty, 'NodesReady')?.message).toContain('Kubernetes has no such node');
    }));
});

describe.concurrent('a cluster that is paused', () => {
  const pauses = async (cluster: Handle): Promise<void> => {
    await cluster.workflow.executeUpdate('pause', { args: [{}] });
    await cluster.until(({ waiting }) => waiting?.for === 'resume');
  };

  it('tells that a server is lost and does nothing about it before it is resumed', ({ expect }) =>
    fixture.withWorker(async ({ fake, start, replay }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      await pauses(cluster);
      const [lost] = fake.instances.values();
      if (lost !== undefined) fake.instances.set(lost.id, { ...lost, state: 'terminated' });

      // Act: the region watch reports all that it sees
      const seen = [...fake.instances.values()].flatMap(({ id, type }) =>
        id === lost?.id ? [] : [{ id, type, state: 'running' }],
      );
      const regionReport = { uid: (await cluster.status()).uid, whole: true, at: new Date().toISOString(), seen };
      await cluster.workflow.signal('reconcile', { reason: 'a test', regionReport });
      const paused = await cluster.until((status) => condition(status, 'InstancesRunning')?.status === 'False');
      await cluster.until(({ waiting }) => waiting?.for === 'resume');
      const launches = fake.launches.length;
      await cluster.workflow.executeUpdate('resume', { args: [{}] });
      const resumed = await cluster.healthy();

      // Assess
      expect(paused).toMatchObject({ health: 'Degraded', operation: null, paused: true });
      expect(paused.nodes.map(({ power }) => power).sort()).toEqual(['none', 'running', 'running']);
      expect(launches).toBe(3);
      expect(resumed.operations.at(-1)).toMatchObject({ kind: 'repair', outcome: 'done' });
      await replay(cluster);
    }));

  it.for([
    { what: 'one', seen: ['server-0'] },
    { what: 'two', seen: ['server-0', 'server-1'] },
  ])(
    'is observed when it is resumed, before anything is done: more may be lost than $what of three',
    ({ seen }, { expect }) =>
      fixture.withWorker(async ({ fake, start, replay }) => {
        // Prepare: the other losses of the pause are not seen
        const cluster = await start(written());
        await cluster.healthy();
        await pauses(cluster);
        const lose = (slot: string): void => {
          const view = [...fake.instances.values()].find((one) => one.slot === slot);
          if (view !== undefined) fake.instances.set(view.id, { ...view, state: 'terminated' });
        };
        seen.forEach(lose);
        await look(cluster);
        const isSeen = ({ nodes }: StatusView) => nodes.filter(({ power }) => power === 'none').length === seen.length;
        await cluster.until((status) => isSeen(status) && status.waiting?.for === 'resume');
        ['server-0', 'server-1', 'server-2'].forEach(lose);

        // Act
        await cluster.workflow.executeUpdate('resume', { args: [{}] });
        const { lastError } = await cluster.until((status) => status.lastError !== null);

        // Assess
        expect(lastError?.code).toBe('QuorumLost');
        expect(lastError?.message).toContain('left: none');
        expect(fake.launches).toHaveLength(3);
        await replay(cluster);
      }),
  );

  it('says that it cannot be observed, with the cause', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.healthy();
      await pauses(cluster);
      fake.before = async (name) => {
        if (name === 'observeInstances') throw failed(DENIED);
      };
      await look(cluster);
      const blind = await cluster.until((status) => condition(status, 'Observed')?.status === 'False');
      expect(condition(blind, 'Observed')?.message).toContain(DENIED.message);
      expect(blind).toMatchObject({ health: 'Unknown', paused: true });
    }));
});

describe.concurrent('an API server that does not answer', () => {
  it('holds up nothing that nodes say of themselves, and what they say is told before it counts', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the question to Kubernetes is not answered
      const cluster = await start(written());
      await cluster.healthy();
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      let asked: Record<string, string> | undefined;
      fake.before = async (name, input: { script?: string; params?: Record<string, string> }) => {
        if (name !== 'runOnNodes' || input.script !== 'verify') return;
        asked ??= input.params;
        await held;
      };
      fake.onProbe = ({ slot }): Record<string, string> => (slot === 'server-1' ? { 'disk-used-percent': '93' } : {});

      // Act
      await look(cluster);
      const status = await cluster.until((one) => one.suspected !== undefined);
      release();

      // Assess
      expect(status.suspected).toMatchObject([{ of: 'server-1', message: 'its disk is 93 % full' }]);
      expect(status).toMatchObject({ health: 'Healthy', operation: null });
      expect(condition(status, 'DisksFree')?.status).toBe('True');
      // An observation does not wait for it on the node as a step does.
      expect(Number(asked?.['API_SECONDS'])).toBeLessThan(5);
    }));
});

describe.concurrent('a script that has left no lines', () => {
  it.for([
    { exitCode: 137, says: /exit 137: it was killed \(SIGKILL\).*memory/ },
    { exitCode: 1, says: /exit 1: it has left no lines/ },
  ])('is told with what its exit $exitCode means', ({ exitCode, says }, { expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      fake.onJob = ({ script }) => (script === 'bootstrap' ? { outcome: 'failed', exitCode, logTail: '' } : null);
      const cluster = await start(written({ mode: 'dev' }));
      const { lastError } = await cluster.until((status) => status.lastError !== null);
      expect(lastError?.message).toMatch(says);
    }),
  );
});

describe.concurrent('a mirror that the worker cannot read', () => {
  it('is told from the start, and no longer when a node has the release', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the first server is held before it has K3s
      fake.mirrorProblem = { url: 'https://mirror.example/sums', reason: 'HTTP 503' };
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      fake.before = async (name, input: { script?: string }) => {
        if (name === 'runOnNodes' && input.script === 'bootstrap') await held;
      };

      // Act
      const cluster = await start(written());
      const creating = await cluster.until((status) => condition(status, 'MirrorReadable') !== undefined);
      release();
      const healthy = await cluster.healthy();

      // Assess
      expect(condition(creating, 'MirrorReadable')?.message).toContain('HTTP 503 (GET https://mirror.example/sums)');
      expect(condition(healthy, 'MirrorReadable')).toBeUndefined();
    }));
});

describe.concurrent('a cluster whose region watch is blind', () => {
  it('is reported once, says so, looks for nothing itself, and is healthy again when it is told so', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.atRest();
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
    fixture.withWorker(async ({ fake, start }) => {
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

  it('is blind although the watch has seen all before, by a clock that is ahead', ({ expect }) =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.healthy();
      await tell(cluster, { at: new Date(Date.now() + 600_000).toISOString(), failures: [] });
      await cluster.status();
      await tell(cluster, blindReport());
      const blind = await cluster.until((status) => condition(status, 'Observed')?.status === 'False');
      expect(condition(blind, 'Observed')?.message).toContain(DENIED.message);
    }));

  it('is blind when its watch cannot be started', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
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
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the first server is not founded yet
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      fake.before = async (name, input: { script?: string }) => {
        if (name === 'runOnNodes' && input.script === 'bootstrap') await held;
      };
      // Act
      const cluster = await start(written());
      const status = await cluster.until(
        ({ operation }) => operation?.steps.some((step) => step.kind === 'bootstrap') ?? false,
      );
      release();
      // Assess
      const known = status.conditions.filter((one) => one.status !== 'Unknown').map(({ type }) => type);
      expect([
        'InstancesRunning',
        'InstancesTagged',
        'InstanceTypesInSync',
        'GroupRulesInSync',
        'InstanceGroupsInSync',
        'AgentsOnline',
        'K3sInstalled',
      ]).toEqual(expect.arrayContaining(known));
      expect(status.conditions.filter((one) => one.status === 'False')).toEqual([]);
      await cluster.healthy();
    }));
});

describe.concurrent('status.yaml that cannot be written', () => {
  it('is a condition with the cause, says nothing about health, and is written as soon as it can be', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      const message = 'PutObject ops/clusters/demo/status.yaml: AccessDenied: no';
      fake.before = async (name) => {
        if (name === 'writeStatus')
          throw failed({ code: 'AccessDenied', class: 'auth', message, hint: 'allow s3:PutObject' });
      };
      // Act
      await cluster.workflow.signal('pause', {});
      const denied = await cluster.until((status) => condition(status, 'StatusStored') !== undefined);
      fake.before = async () => undefined;
      await cluster.workflow.signal('resume', {});
      const stored = await cluster.until((status) => condition(status, 'StatusStored') === undefined);
      // Assess
      expect(condition(denied, 'StatusStored')).toMatchObject({ status: 'False', hint: 'allow s3:PutObject' });
      expect(condition(denied, 'StatusStored')?.message).toContain(message);
      expect(denied.health).toBe('Healthy');
      await expect.poll(() => fake.statuses.at(-1)).toEqual(stored);
      expect((await reasons(cluster)).filter((reason) => reason === 'StatusNotWritten')).toHaveLength(1);
    }));
});
