import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RegionReport } from '#src/model/watch/region-report.js';
import type { FakeActivities } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

/** What the region watch sees of the fake's instances. */
async function reportOf(fake: FakeActivities, cluster: Handle): Promise<RegionReport> {
  const seen = [...fake.instances.values()]
    .filter((one) => one.state !== 'terminated')
    .map(({ id, state, type }) => ({ id, state, type }));
  return { uid: (await cluster.status()).uid, whole: true, seen };
}

const tell = (cluster: Handle, regionReport: RegionReport) =>
  cluster.workflow.signal('reconcile', { reason: 'test', regionReport });

const looksIn = (fake: FakeActivities): number => fake.calls.filter((name) => name === 'observeInstances').length;

/** The signal was heard: a query is answered behind what came before it. */
const heard = async (cluster: Handle): Promise<void> => void (await cluster.status());

describe('the region watch of a cluster in another account', () => {
  it('gets another role as soon as the document names one', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const roleArn = (role: string) => `arn:aws:iam::222222222222:role/${role}`;
      const access = { instanceProfile: 'nodes' };
      const inRole = (role: string) => written({ mode: 'dev', access, account: { roleArn: roleArn(role) } });
      const told: (string | undefined)[] = [];
      fake.before = async (name, input: { account?: { roleArn: string } }) => {
        if (name === 'ensureWatch') told.push(input.account?.roleArn);
      };
      const cluster = await start(inRole('first'));
      await cluster.healthy();
      await expect.poll(() => told).toEqual([roleArn('first')]);

      // Act
      await cluster.workflow.signal('apply', { document: inRole('second') });

      // Assess
      await expect.poll(() => told).toEqual([roleArn('first'), roleArn('second')]);
    }));
});

describe('what the region watch tells', () => {
  it('wakes no one when it is what the cluster has done itself, and costs one signal', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      const status = await cluster.atRest();
      expect(fake.calls).toContain('ensureWatch');
      expect(fake.statuses.at(-1)).toEqual(status);
      const calls = fake.calls.length;

      // Act
      await tell(cluster, await reportOf(fake, cluster));
      await heard(cluster);

      // Assess
      const { events } = await cluster.workflow.fetchHistory();
      const after = (events ?? []).slice(
        (events ?? []).findIndex((one) => one.workflowExecutionSignaledEventAttributes),
      );
      const kinds = after.map((one) => Object.keys(one).find((key) => key.endsWith('Attributes')) ?? '');
      expect(kinds.filter((kind) => !/^workflowTask|^workflowExecutionSignaled/.test(kind))).toEqual([]);
      expect(fake.calls.length).toBe(calls);
    }));

  it('is looked into when a server is missing, of the wrong type or unhealthy', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.healthy();
      const before = looksIn(fake);
      const whole = await reportOf(fake, cluster);
      const [first, ...others] = whole.seen;
      const changes: RegionReport['seen'][] = [
        others,
        [{ ...first, id: first?.id ?? '', state: 'running', type: 't3.large' }, ...others],
        [{ ...first, id: first?.id ?? '', state: 'running', k3s: 'service=failed' }, ...others],
        [{ ...first, id: first?.id ?? '', state: 'running', failedChecks: ['system'] }, ...others],
      ];
      for (const [index, seen] of changes.entries()) {
        await tell(cluster, { ...whole, seen });
        await cluster.until(() => looksIn(fake) > before + index);
      }
      const looks = (await cluster.events()).filter(({ reason }) => reason === 'ReconcileRequested');
      expect(looks.map(({ message }) => message)).toEqual([
        `server-0: ${first?.id} is gone`,
        `server-0: ${first?.id} is of type t3.large`,
        `server-0: ${first?.id} says service=failed`,
        `server-0: ${first?.id} fails its system status check`,
      ]);
    }));

  it('waits for the end of an operation, and is looked into if it is still news', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the join of a server is held up
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      fake.before = async (name, input: { script?: string }) => {
        if (name === 'runOnNodes' && input.script === 'join') await held;
      };
      const cluster = await start(written());
      await cluster.until((status) => status.operation?.steps.some((step) => step.kind === 'join') ?? false);
      const whole = await reportOf(fake, cluster);

      // Act
      await tell(cluster, whole);
      await tell(cluster, { ...whole, whole: false, seen: [{ id: whole.seen[0]?.id ?? '', state: 'stopped' }] });
      await heard(cluster);
      const during = fake.calls.filter((name) => name === 'observeInstances').length;
      release();
      await cluster.settled('Running');
      await cluster.until(() => fake.calls.includes('observeInstances'));

      // Assess
      expect(during).toBe(0);
      const looks = (await cluster.events()).filter(({ reason }) => reason === 'ReconcileRequested');
      expect(looks.map(({ message }) => message)).toEqual([`server-0: ${whole.seen[0]?.id} is stopped`]);
    }));

  it('ends a wait for a server that is gone, in the middle of an operation', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the proof at the end of the creation waits for ever
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      fake.before = async (name, input: { script?: string }) => {
        if (name === 'runOnNodes' && input.script === 'verify') await held;
      };
      // Joins tell nothing of the nodes: else the last one is the proof.
      fake.onJob = (input) => {
        if (input.script !== 'join') return null;
        fake.jobs.push(input);
        return { outcome: 'done', exitCode: 0, result: {} };
      };
      const cluster = await start(written());
      await cluster.until(
        (status) =>
          status.operation?.steps.some((step) => step.kind === 'verify' && step.outcome === 'running') ?? false,
      );
      const whole = await reportOf(fake, cluster);

      // Act
      const [, lost] = fake.instances.values();
      if (lost !== undefined) fake.instances.set(lost.id, { ...lost, state: 'terminated' });
      await tell(cluster, { ...whole, seen: whole.seen.filter((one) => one.id !== lost?.id) });
      const mending = await cluster.until((status) => status.nodes.some((node) => node.generation === 2));
      release();
      const status = await cluster.settled('Running');

      // Assess
      expect(mending.operation).not.toBeNull();
      expect(status.nodes.map((node) => `${node.generation} ${node.ready}`).sort()).toEqual([
        '1 True',
        '1 True',
        '2 True',
      ]);
    }));

  it('is nothing to a cluster of another life', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.atRest();
      const before = looksIn(fake);
      await tell(cluster, { uid: 'another', whole: true, seen: [] });
      await heard(cluster);
      expect((await cluster.events()).map(({ reason }) => reason)).not.toContain('ReconcileRequested');
      expect(looksIn(fake)).toBe(before);
    }));

  it('makes up at once for an observation that a message has cut short while its worker was gone', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      let looks = 0;
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      // As of a worker that was killed: no answer, and no heartbeat.
      fake.beats = (name) => name !== 'observeInstances';
      fake.before = async (name) => {
        if (name === 'observeInstances' && ++looks === 1) await held;
      };
      await cluster.workflow.signal('reconcile', { reason: 'a test' });
      await expect.poll(() => looks).toBe(1);
      // Act
      await cluster.workflow.signal('reconcile', { reason: 'another one' });
      await expect.poll(() => looks).toBe(2);
      release();
      // Assess
      await cluster.settled('Running');
      expect((await cluster.events()).map((event) => event.reason)).not.toContain('ObservationFailed');
    }));

  it('cuts an observation short that is stuck at a server which is gone by now', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the look that a person asks for never ends
      const cluster = await start(written());
      await cluster.healthy();
      const whole = await reportOf(fake, cluster);
      let stuck = true;
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      fake.before = async (name, input: { script?: string }) => {
        if (name === 'runOnNodes' && input.script === 'verify' && stuck) {
          stuck = false;
          await held;
        }
      };
      await cluster.workflow.signal('reconcile', { reason: 'a person asks' });
      await cluster.until(() => !stuck);

      // Act
      const [lost] = fake.instances.values();
      if (lost !== undefined) fake.instances.set(lost.id, { ...lost, state: 'terminated' });
      await tell(cluster, { ...whole, seen: whole.seen.slice(1) });

      // Assess
      const status = await cluster.until((one) => one.operations.length === 2 && one.operation === null);
      release();
      expect(status.operations[1]).toMatchObject({ kind: 'repair', outcome: 'done' });
    }));
});

describe('a document in the bucket that is not in force', () => {
  it('is a condition until a good one is applied', () =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written());
      const born = await cluster.healthy();
      const problem = { reason: 'Invalid', message: 'clusters/demo/config.yaml:3:1: spec.colour: unknown key' };

      await cluster.workflow.signal('config', problem);
      const told = await cluster.until((status) => status.conditions.some(({ type }) => type === 'ConfigValid'));
      await cluster.workflow.executeUpdate('apply', { args: [{ document: written({}, 'demo'), configVersion: 'v1' }] });
      const mended = await cluster.status();

      expect(told.conditions.at(-1)).toMatchObject({ type: 'ConfigValid', status: 'False', ...problem });
      expect(told.health).toBe('Healthy');
      expect(told.specGeneration).toBe(born.specGeneration);
      expect(mended.conditions.map(({ type }) => type)).not.toContain('ConfigValid');
    }));

  it('is applied once, also when its event comes again after a stop', () =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      const apply = () =>
        cluster.workflow.executeUpdate<{ operationId: string | null }, [unknown]>('apply', {
          args: [{ document: written(), configVersion: 'v1' }],
        });
      await apply();
      await cluster.workflow.executeUpdate('stop', { args: [{}] });
      const again = await apply();
      expect(again.operationId).toBeNull();
      expect((await cluster.status()).desiredState).toBe('stopped');
    }));
});
