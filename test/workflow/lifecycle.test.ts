import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '#src/model/explain/index.js';
import { failed } from './fake-activities.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  // A new history is suggested so early that it falls into the middle of operations.
  fixture = await openWorkflowFixture(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=60']);
});
afterAll(() => fixture.close());

describe.concurrent('stop and start', () => {
  it('stops agents first, then servers one by one with a snapshot while they have their quorum, and starts all at once', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written({ pools: [{ name: 'workers', count: 1, instanceType: 't3.large' }] }));
      await cluster.settled('Running');
      // Act
      await cluster.workflow.signal('stop', {});
      const stopped = await cluster.settled('Stopped');
      const stopJobs = fake.jobs
        .filter((job) => ['service-stop', 'snapshot'].includes(job.script))
        .map((job) => `${job.script} ${job.jobId.match(/(server|workers)-\d/)?.[0]}`);
      await cluster.workflow.signal('start', {});
      await cluster.settled('Running');
      const running = await cluster.healthy();
      // Assess
      // The snapshot is saved beside the first server's stop, while there is a quorum.
      expect(stopJobs[0]).toBe('service-stop workers-0');
      expect(stopJobs.slice(1, 3).sort()).toEqual(['service-stop server-2', 'snapshot server-0']);
      expect(stopJobs.slice(3)).toEqual(['service-stop server-1', 'service-stop server-0']);
      expect(stopped.nodes.every((node) => node.power === 'stopped')).toBe(true);
      expect(running.health).toBe('Healthy');
      expect(running.apiAddress).toBe(running.nodes[0]?.publicIp);
      expect(fake.launches.length).toBe(4);
    }));
});

describe.concurrent('resize', () => {
  it('changes one server after the other behind the gate', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.settled('Running');
      const down: number[] = [];
      fake.before = async (name) => {
        if (name === 'modifyInstanceType')
          down.push([...fake.instances.values()].filter((one) => one.state === 'stopped').length);
      };
      // Act
      await cluster.workflow.executeUpdate('resize', { args: [{ instanceType: 't3.large' }] });
      const status = await cluster.settled('Running');
      // Assess
      expect(down).toEqual([1, 1, 1]);
      expect(status.nodes.map((node) => node.instanceType)).toEqual(['t3.large', 't3.large', 't3.large']);
      expect(status.operations.at(-1)).toMatchObject({ kind: 'resize', outcome: 'done' });
    }));

  it('takes no node down whose drain has failed, and drains it again at the next try', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: a PodDisruptionBudget holds a pod until someone says `retry`
      const pools = (instanceType: string) => [{ name: 'workers', count: 1, instanceType }];
      const cluster = await start(written({ mode: 'dev', pools: pools('t3.medium') }));
      await cluster.settled('Running');
      let held = true;
      fake.onJob = ({ script }) =>
        script === 'drain' && held
          ? {
              outcome: 'failed',
              exitCode: 1,
              result: { code: 'DrainFailed', drained: 'false' },
              logTail: 'error: held (x)',
            }
          : null;
      const resize = { pool: 'workers', instanceType: 't3.large' };
      await cluster.workflow.executeUpdate('resize', { args: [resize] });
      await cluster.until((one) => one.lastError?.code === 'DrainFailed');
      const begun = fake.jobs.map((job) => job.script);
      // Act
      held = false;
      await cluster.workflow.executeUpdate('retry', { args: [{}] });
      const status = await cluster.until(
        (one) => one.nodes.some((node) => node.instanceType === 't3.large') && one.operation === null,
      );
      // Assess
      expect(begun).not.toContain('service-stop');
      const after = fake.jobs.slice(begun.length).map((job) => job.script);
      expect(after.filter((script) => ['drain', 'service-stop', 'uncordon'].includes(script))).toEqual([
        'drain',
        'service-stop',
        'uncordon',
      ]);
      expect(status.phase).toBe('Running');
    }));

  it('names the pod that holds up a drain while the drain goes on, and forgets it when the drain is done', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: a PodDisruptionBudget holds a pod until the test lets it go
      const pools = (instanceType: string) => [{ name: 'workers', count: 1, instanceType }];
      const cluster = await start(written({ mode: 'dev', pools: pools('t3.medium') }));
      await cluster.settled('Running');
      let letGo: () => void = () => undefined;
      const gone = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      fake.onJob = async ({ script, params }) => {
        if (script !== 'drain') return null;
        if (params['DRAIN_FIRST'] !== undefined)
          return { outcome: 'done', exitCode: 0, result: { drained: 'false', held: 'web/cart-0' }, logTail: '' };
        await gone;
        return null;
      };
      // Act
      const resize = { pool: 'workers', instanceType: 't3.large' };
      await cluster.workflow.executeUpdate('resize', { args: [resize] });
      const held = await cluster.until((one) => one.lastError !== null);
      const callStack = await cluster.workflow.query<string>('__stack_trace');
      letGo();
      const status = await cluster.settled('Running');
      // Assess
      expect(held.lastError).toMatchObject({ code: 'DrainHeld', slot: 'workers-0', operation: held.operation?.id });
      expect(explain(held).cause).toMatchObject({
        code: 'DrainHeld',
        message: expect.stringContaining('a PodDisruptionBudget holds web/cart-0'),
        keelson: 'goes on with the step, which fails at its own limit',
      });
      // The Web UI's tab Call Stack: no stacks are recorded.
      expect(callStack).toMatch(/waits for these steps:\n {2}workers-0: cordon and drain, since /);
      expect(status.operations.at(-1)).toMatchObject({ kind: 'resize', outcome: 'done' });
      expect(status.lastError).toBe(null);
    }));

  it('is deleted at once while its instances wait for their turn to be started', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.settled('Running');
      await cluster.workflow.executeUpdate('stop', { args: [{}] });
      await cluster.settled('Stopped');
      fake.before = async (name) => {
        if (name === 'startInstances') await Context.current().cancelled;
      };
      await cluster.workflow.executeUpdate('start', { args: [{}] });
      await cluster.until(({ operation }) => operation?.steps.some(({ kind }) => kind === 'start-instance') === true);
      // Act
      await cluster.workflow.signal('delete', { confirm: 'demo' });
      await cluster.workflow.result();
      // Assess
      expect([...fake.instances.values()].filter(({ state }) => state === 'running')).toEqual([]);
    }));

  it('rolls back a server whose new type has no capacity and leaves the others untouched', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.settled('Running');
      fake.before = async (name, input: { instanceIds?: string[] }) => {
        const type = fake.instances.get(input.instanceIds?.[0] ?? '')?.type;
        if (name === 'startInstances' && type === 'm6i.large') {
          throw failed({
            code: 'InsufficientInstanceCapacity',
            class: 'capacity',
            message: 'none left',
            hint: 'another type',
          });
        }
      };
      // Act
      await cluster.workflow.executeUpdate('resize', { args: [{ instanceType: 'm6i.large' }] });
      await cluster.settled('Running');
      const status = await cluster.healthy();
      // Assess
      expect(status.nodes.map((node) => node.instanceType)).toEqual(['t3.medium', 't3.medium', 't3.medium']);
      expect(status.operations.at(-1)).toMatchObject({ kind: 'resize', outcome: 'rolledBack' });
      expect(status.health).toBe('Healthy');
      expect(
        (await cluster.events()).some((event) => event.reason === 'RollingBack' && event.message.includes('m6i.large')),
      ).toBe(true);
      expect(fake.jobs.filter((job) => job.script === 'drain').length).toBe(1);
      const shown = await cluster.workflow.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      expect(shown.currentDetails).toMatch(/\*\*resize\*\*.*\*\*rolledBack\*\*/);
      expect(shown.currentDetails).toContain('no capacity for m6i.large');
    }));
});

describe.concurrent('apply', () => {
  it('adds a pool, shrinks it and removes it', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      const apply = (count: number) =>
        cluster.workflow.executeUpdate('apply', {
          args: [
            { document: written(count === 0 ? {} : { pools: [{ name: 'workers', count, instanceType: 't3.large' }] }) },
          ],
        });
      for (const count of [3, 1, 0, 2]) {
        await apply(count);
        const status = await cluster.settled('Running');
        expect(status.nodes.filter((node) => node.role === 'agent').length).toBe(count);
      }
      expect(fake.jobs.filter((job) => job.script === 'remove-node').length).toBe(3);
      const names = fake.launches.map((one) => one.nodeName);
      expect(new Set(names).size).toBe(names.length);
    }));

  it('restarts K3s server by server when its configuration changes', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      await cluster.workflow.executeUpdate('apply', {
        args: [{ document: written({ k3s: { version: 'v1.34.2+k3s1', config: { disable: ['traefik'] } } }) }],
      });
      await cluster.settled('Running');
      expect(fake.jobs.filter((job) => job.script === 'service-start').length).toBe(3);
      expect(fake.calls).not.toContain('stopInstances');
    }));

  it('refuses a plan that was shown before the world changed', () =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      const desired = { document: written({ servers: { instanceType: 't3.large' } }) };
      const shown = await cluster.workflow.query<{ id: string }, [unknown]>('plan', desired);
      await cluster.workflow.executeUpdate('apply', {
        args: [{ document: written({ pools: [{ name: 'workers', count: 1, instanceType: 't3.large' }] }) }],
      });
      await cluster.settled('Running');
      await expect(
        cluster.workflow.executeUpdate('apply', { args: [{ ...desired, planId: shown.id }] }),
      ).rejects.toMatchObject({ cause: { type: 'Refused' } });
      const fresh = await cluster.workflow.query<{ id: string }, [unknown]>('plan', desired);
      await cluster.workflow.executeUpdate('apply', { args: [{ ...desired, planId: fresh.id }] });
    }));
});

describe.concurrent('old age', () => {
  it('loses nothing at continue-as-new, also in the middle of an operation', ({ expect }) =>
    fixture.withWorker(async ({ client, fake, start }) => {
      // Act
      const cluster = await start(written());
      await cluster.settled('Running');
      const first = (await cluster.status()).uid;
      await cluster.workflow.executeUpdate('resize', { args: [{ instanceType: 't3.large' }] });
      const status = await cluster.settled('Running');
      // Assess
      expect(status.uid).toBe(first);
      expect(status.operations.map((operation) => [operation.kind, operation.outcome])).toEqual([
        ['create', 'done'],
        ['resize', 'done'],
      ]);
      expect(fake.launches.length).toBe(3);
      expect(new Set(fake.jobs.map((job) => job.jobId)).size).toBe(fake.jobs.length);
      const runs = async () => {
        let count = 0;
        const query = `WorkflowId = "${cluster.workflow.workflowId}"`;
        for await (const _run of client.workflow.list({ query })) count += 1;
        return count;
      };
      // A list of Temporal may lag behind.
      await expect.poll(runs).toBeGreaterThan(1);
    }));
});
