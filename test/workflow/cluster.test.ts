import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { clusterSchema } from '#src/model/spec/schema.js';
import type { StatusView } from '#src/model/status.js';
import { pack } from '#src/workflows/cluster/state/pack.js';
import { failed } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

const CAPACITY = {
  code: 'InsufficientInstanceCapacity',
  class: 'capacity',
  message: 'none left',
  hint: 'another type',
} as const;
const AUTH = {
  code: 'UnauthorizedOperation',
  class: 'auth',
  message: 'not permitted',
  hint: 'give the worker the right',
} as const;
const GROUP_GONE = {
  code: 'InvalidGroup.NotFound',
  class: 'not-found-yet',
  message: 'no such group',
  hint: 'nothing',
} as const;

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

/** Why a workflow has failed. */
const causeOf = async (
  result: Promise<unknown>,
): Promise<{ type?: string; message?: string; details?: unknown[] } | undefined> => {
  const error: unknown = await result.catch((reason: unknown) => reason);
  return (error as { cause?: { type?: string; message?: string; details?: unknown[] } }).cause;
};

describe.concurrent('create', () => {
  it('launches each slot once, bootstraps once, and is Running in few events', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Act
      const cluster = await start(written({ pools: [{ name: 'workers', count: 2, instanceType: 't3.large' }] }));
      await cluster.settled('Running');
      const status = await cluster.healthy();
      // Assess
      expect(fake.launches.map((one) => `${one.slot}#${one.generation}`).sort()).toEqual([
        'server-0#1',
        'server-1#1',
        'server-2#1',
        'workers-0#1',
        'workers-1#1',
      ]);
      expect(fake.jobs.filter((job) => job.script === 'bootstrap').map((job) => job.params['NODE_NAME'])).toEqual([
        'demo-server-0-g1',
      ]);
      expect(status.health).toBe('Healthy');
      expect(status.conditions.every((condition) => condition.status === 'True')).toBe(true);
      expect(status.operations[0]?.steps.every((step) => step.outcome === 'done')).toBe(true);
      expect(await cluster.historyLength()).toBeLessThanOrEqual(250);
    }));

  it('shows in status.yaml what is under way on each node, and in the end what the query shows', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      const status = await cluster.healthy();
      await expect.poll(() => fake.statuses.at(-1)).toEqual(status);
      const files = fake.statuses as StatusView[];
      const under = new Set(files.flatMap(({ nodes }) => nodes.flatMap(({ slot, doing }) => (doing ? [slot] : []))));
      expect([...under].sort()).toEqual(['server-0', 'server-1', 'server-2']);
      const steps = new Set(files.flatMap(({ operation }) => operation?.steps.map((step) => step.id) ?? []));
      // The proof takes no time where the last join has seen it.
      const told = status.operations[0]?.steps.map((step) => step.id).filter((id) => id !== 'verify');
      expect([...steps].filter((id) => id !== 'verify').sort()).toEqual(told?.sort());
    }));

  it('sends every node job under an id of its own', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      const ids = fake.jobs.map((job) => job.jobId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.every((id) => id.length <= 100)).toBe(true);
    }));

  it('goes to the next subnet when a zone has no capacity', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      fake.before = async (name, input: { launch?: { subnetId: string } }) => {
        if (name === 'launchInstance' && input.launch?.subnetId === 'subnet-a') throw failed(CAPACITY);
      };
      // Act
      const cluster = await start(written());
      const status = await cluster.settled('Running');
      // Assess
      expect(status.nodes.map((node) => node.zone)).not.toContain('eu-west-1a');
      expect((await cluster.events()).some((event) => event.reason === 'InsufficientInstanceCapacity')).toBe(true);
    }));

  it('names every subnet that was tried when none has capacity', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      fake.before = async (name) => {
        if (name === 'launchInstance') throw failed(CAPACITY);
      };
      // Act
      const cluster = await start(written({ mode: 'dev' }));
      const { lastError } = await cluster.until((one) => one.lastError !== null);
      // Assess
      expect(lastError?.code).toBe('InsufficientInstanceCapacity');
      expect(lastError?.message).toMatch(
        /all were tried: t3\.medium subnet-a \(eu-west-1a\), t3\.medium subnet-b \(eu-west-1b\)/,
      );
    }));

  it('fails at once for an invalid document and names every path', () =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written({ mode: 'giant', region: 'mars', colour: 'red' }));
      const cause = await causeOf(cluster.workflow.result());
      expect(cause?.type).toBe('InvalidSpec');
      for (const path of ['spec.mode', 'spec.region', 'spec.colour']) expect(cause?.message).toContain(path);
    }));

  it('refuses a workflow id of another name: it would be a second writer of that cluster', () =>
    fixture.withWorker(async ({ client, fake, taskQueue }) => {
      // Act
      const options = { taskQueue, args: [written()] };
      const other = await client.workflow.start('cluster', { ...options, workflowId: 'cluster/demo-2' });
      const cause = await causeOf(other.result());
      // Assess
      expect(cause).toMatchObject({ type: 'InvalidSpec' });
      expect(cause?.message).toBe(
        'the workflow id is cluster/demo-2, but metadata.name is demo: start the workflow with the id cluster/demo',
      );
      expect(fake.calls).toEqual([]);
    }));

  it('refuses state that no run before it has carried over: it may name instances of others', () =>
    fixture.withWorker(async ({ client, fake, taskQueue }) => {
      // Act
      const args = [written(), pack(blankState(clusterSchema.parse(written())))];
      const started = await client.workflow.start('cluster', { taskQueue, args, workflowId: 'cluster/demo' });
      const cause = await causeOf(started.result());
      // Assess
      expect(cause).toMatchObject({ type: 'InvalidSpec' });
      expect(cause?.message).toContain('only a run that continues an earlier one carries state');
      expect(fake.calls).toEqual([]);
    }));
});

describe.concurrent('a name that another workflow owns', () => {
  it('ends the workflow with the owner named, before it writes, makes or deletes anything', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const OWNED = {
        code: 'OwnedByAnother',
        class: 'conflict',
        message: 'the Temporal namespace staging owns demo',
        hint: 'keelson apply --adopt uid-9',
      } as const;
      fake.before = async (name) => {
        if (name === 'claimCluster') throw failed(OWNED);
      };
      // Act
      const cluster = await start(written());
      const cause = await causeOf(cluster.workflow.result());
      // Assess
      expect(cause).toMatchObject({ type: 'Refused', message: OWNED.message, details: [OWNED.hint] });
      expect(fake.calls.filter((name) => !['claimCluster', 'resolveLaunchConfig'].includes(name))).toEqual([]);
    }));

  it('is claimed by a person’s word that the input carries, once', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const claims: (string | null)[] = [];
      fake.before = async (name, input: { adopt?: string | null; claim?: number }) => {
        if (name === 'claimCluster') claims.push(input.adopt ?? null);
        if (name === 'launchInstance') claims.push(`claim ${input.claim}`);
      };
      // Act
      const cluster = await start({ ...written({ mode: 'dev' }), adopt: 'uid-9' });
      await cluster.settled('Running');
      // Assess
      expect(claims).toEqual(['uid-9', 'claim 1']);
    }));
});

describe.concurrent('an instance that is not the cluster’s', () => {
  it('is reported, and neither taken over nor terminated', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      fake.foreign = [{ id: 'i-foreign', why: 'its ClientToken is not of a launch by this installation' }];
      const ended: string[] = [];
      fake.before = async (name, input: { instanceIds?: string[] }) => {
        if (name === 'terminateInstances') ended.push(...(input.instanceIds ?? []));
      };
      // Act
      const cluster = await start(written({ mode: 'dev' }));
      const status = await cluster.healthy();
      const events = await cluster.events();
      await cluster.workflow.executeUpdate('delete', { args: [{ confirm: 'demo' }] });
      await cluster.workflow.result();
      // Assess
      expect(status.conditions.find(({ type }) => type === 'InstancesOwned')).toMatchObject({
        status: 'False',
        reason: 'ForeignInstance',
      });
      expect(events.filter(({ reason }) => reason === 'ForeignInstance')).toHaveLength(1);
      expect(ended).not.toContain('i-foreign');
      expect(ended).toHaveLength(1);
    }));
});

describe.concurrent('failure', () => {
  it('makes the security groups again when someone has deleted one', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      let groups = 0;
      fake.before = async (name, input: { slot?: string }) => {
        if (name === 'ensureSecurityGroups') groups += 1;
        if (name === 'launchInstance' && input.slot === 'server-1' && groups === 1) throw failed(GROUP_GONE);
      };
      // Act
      const cluster = await start(written());
      await cluster.until((status) => status.lastError?.code === GROUP_GONE.code);
      await cluster.workflow.signal('retry', {});
      await cluster.settled('Running');
      // Assess
      expect(groups).toBe(2);
      expect(fake.launches.map((one) => `${one.slot}#${one.generation}`).sort()).toEqual([
        'server-0#1',
        'server-1#1',
        'server-2#1',
      ]);
    }));

  it('parks as Failed with reason and hint, and retry goes on at once', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      let broken = true;
      fake.before = async (name) => {
        if (broken && name === 'ensureSecurityGroups') throw failed(AUTH);
      };
      // Act
      const cluster = await start(written());
      const parked = await cluster.until((status) => status.phase === 'Failed');
      broken = false;
      await cluster.workflow.signal('retry', {});
      const status = await cluster.settled('Running');
      // Assess
      expect(parked.lastError).toMatchObject({
        code: 'UnauthorizedOperation',
        class: 'auth',
        step: 'security-group',
        hint: AUTH.hint,
      });
      expect(parked.waiting?.until).not.toBeNull();
      expect(fake.launches.length).toBe(3);
      expect(status.lastError).toBeNull();
    }));

  it('keeps the nodes that went well when one step fails, and repeats only what is missing', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      let failures = 1;
      fake.onJob = (input) =>
        input.script === 'join' && input.jobId.includes('server-1') && failures-- > 0
          ? {
              outcome: 'failed',
              exitCode: 7,
              result: { code: 'DiskFull' },
              logTail: 'error: no space left (use a larger volume)',
            }
          : null;
      // Act
      const cluster = await start(written());
      await cluster.settled('Running');
      // Assess
      expect(fake.jobs.filter((job) => job.script === 'join').length).toBe(2);
      expect(fake.launches.length).toBe(3);
      expect(
        (await cluster.events()).some(
          (event) => event.reason === 'DiskFull' && event.message.includes('no space left'),
        ),
      ).toBe(true);
    }));
});

describe.concurrent('messages', () => {
  it('records the apply that has started the cluster as accepted, and the next one of the same document as unchanged', () =>
    fixture.withWorker(async ({ start }) => {
      // Prepare
      const document = written({ mode: 'dev' });
      const cluster = await start(document);
      const apply = (requestId: string) =>
        cluster.workflow.executeUpdate('apply', { args: [{ document, requestedBy: 'ada', requestId }] });

      // Act
      await apply('first');
      await cluster.settled('Running');
      await apply('second');

      // Assess
      const said = (await cluster.events()).filter(({ reason }) => reason.startsWith('Request'));
      expect(said.map(({ reason, message }) => `${reason}: ${message}`)).toEqual([
        'RequestAccepted: apply by ada: the cluster starts with this document',
        expect.stringMatching(/^RequestUnchanged: apply by ada: nothing to do/),
      ]);
    }));

  it('records nonsense as rejected requests and is otherwise untouched', () =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      for (const [name, payload] of [
        ['resize', 42],
        ['resize', { instanceType: ['x'] }],
        ['apply', { document: { kind: 'Pod' } }],
        ['stop', 'now'],
      ] as const) {
        await cluster.workflow.signal(name, payload);
      }
      const status = await cluster.until((one) => one.phase === 'Running');
      const rejected = (await cluster.events()).filter((event) => event.reason === 'RequestRejected');
      expect(rejected.length).toBe(4);
      expect(status.specGeneration).toBe(1);
    }));

  it('refuses a bad update with one clear error', () =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      const refused = async (name: string, payload: unknown): Promise<{ type?: string; message?: string }> => {
        const error: unknown = await cluster.workflow
          .executeUpdate(name, { args: [payload] })
          .catch((reason: unknown) => reason);
        return (error as { cause: { type?: string; message?: string } }).cause;
      };
      expect(await refused('resize', { instanceType: 'nonsense' })).toMatchObject({ type: 'InvalidRequest' });
      expect(await refused('apply', { document: written({ region: 'us-east-1' }) })).toMatchObject({
        type: 'InvalidRequest',
        message: expect.stringContaining('region'),
      });
      expect(
        await refused('apply', {
          document: written({ pools: [{ name: 'w', count: 10_000, instanceType: 't3.large' }] }),
        }),
      ).toMatchObject({ type: 'InvalidSpec' });
    }));

  it('ends in the state that the last of ten contradicting messages asks for', () =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');
      for (let round = 0; round < 5; round += 1) {
        await cluster.workflow.signal('stop', {});
        await cluster.workflow.signal('start', {});
      }
      await cluster.settled('Running');
      await cluster.workflow.signal('start', {});
      await cluster.workflow.signal('stop', {});
      const status = await cluster.settled('Stopped');
      expect(status.nodes.every((node) => node.power === 'stopped')).toBe(true);
    }));

  it('does nothing while paused and goes on where it was', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ paused: true }));
      await cluster.until((status) => status.waiting?.for === 'resume');
      expect(fake.launches.length).toBe(0);
      await cluster.workflow.executeUpdate('resume', { args: [{}] });
      await cluster.settled('Running');
    }));
});

describe.concurrent('delete', () => {
  it('interrupts a create at once and proves that nothing is left', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: server-2 never gets its agent.
      let release = (): void => undefined;
      const hung = new Promise<void>((resolve) => {
        release = resolve;
      });
      fake.before = async (name, input: { instanceId?: string }) => {
        if (name === 'awaitInstance' && fake.instances.get(input.instanceId ?? '')?.slot === 'server-2') await hung;
      };
      const cluster = await start(written());
      await cluster.until((status) => status.phase === 'Installing' && status.nodes.length === 3);
      // Act
      await cluster.workflow.signal('delete', { confirm: 'demo', requestedBy: 'ann' });
      const proof = (await cluster.workflow.result()) as { remaining: object };
      release();
      // Assess
      expect(proof.remaining).toEqual({
        instances: [],
        volumes: [],
        snapshots: [],
        securityGroups: [],
        bucketKeys: [],
      });
      expect([...fake.instances.values()].every((one) => one.state === 'terminated')).toBe(true);
    }));

  it('is refused while protected, whatever is confirmed', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(written({ deletion: { protect: true } }));
      await cluster.settled('Running');
      await expect(cluster.workflow.executeUpdate('delete', { args: [{ confirm: 'demo' }] })).rejects.toMatchObject({
        cause: { type: 'Refused' },
      });
      await cluster.workflow.signal('stop', {});
      await cluster.settled('Stopped');
      expect(fake.calls).not.toContain('terminateInstances');
    }));

  it("wants the cluster's name as a second word, by update and by signal", () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.settled('Running');
      // Act, assess
      for (const payload of [{}, { confirm: 'other' }, { confirm: true }, { name: 'demo' }, { confirm: ['demo'] }]) {
        await expect(cluster.workflow.executeUpdate('delete', { args: [payload] })).rejects.toMatchObject({
          cause: { type: 'InvalidRequest', message: expect.stringContaining('delete wants {"confirm": "demo"}') },
        });
      }
      await cluster.workflow.signal('delete', {});
      await cluster.workflow.signal('stop', {});
      await cluster.settled('Stopped');
      const rejected = (await cluster.events()).filter(({ reason }) => reason === 'RequestRejected');
      expect(rejected.map(({ message }) => message)).toEqual([expect.stringContaining('{"confirm": "demo"}')]);
      expect(fake.calls).not.toContain('terminateInstances');
    }));
});

describe.concurrent("Temporal's cancel", () => {
  const cancels = async (cluster: Handle): Promise<number> =>
    (await cluster.events()).filter(({ reason }) => reason === 'CancelRequested').length;

  it('pauses the cluster, deletes nothing, and is heard again after resume', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.settled('Running');

      for (const times of [1, 2]) {
        // Act
        await cluster.workflow.cancel();
        const paused = await cluster.until((status) => status.paused && status.waiting?.for === 'resume');

        // Assess
        expect(paused.phase).toBe('Running');
        expect(await cancels(cluster)).toBe(times);
        await cluster.workflow.executeUpdate('resume', { args: [{}] });
        await cluster.until((status) => !status.paused);
      }
      await cluster.workflow.signal('stop', {});
      await cluster.settled('Stopped');
      expect(fake.calls).not.toContain('terminateInstances');
    }));

  it('in the middle of a create begins no further step, and resume goes on to the end', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the launch is held until the cancel is heard.
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      fake.before = async (name) => {
        if (name === 'launchInstance') await held;
      };
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.until((status) => status.operation?.steps.some((one) => one.kind === 'launch') === true);

      // Act
      await cluster.workflow.cancel();
      await cluster.until((status) => status.paused);
      release();
      const paused = await cluster.until((status) => status.waiting?.for === 'resume');

      // Assess
      expect(paused.operation?.steps.map((one) => one.kind)).not.toContain('bootstrap');
      await cluster.workflow.executeUpdate('resume', { args: [{}] });
      await cluster.settled('Running');
      expect(fake.launches).toHaveLength(1);
    }));

  it('does not stop a delete that was confirmed', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the delete is held at its first call.
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.settled('Running');
      fake.before = async (name) => {
        if (name === 'terminateInstances') await held;
      };
      await cluster.workflow.executeUpdate('delete', { args: [{ confirm: 'demo' }] });

      // Act
      await cluster.workflow.cancel();
      await cluster.until((status) => status.operation?.kind === 'delete');
      release();

      // Assess
      const proof = (await cluster.workflow.result()) as { terminated: string[] };
      expect(proof.terminated).toEqual([...fake.instances.keys()]);
    }));
});

describe.concurrent('delete of what never was', () => {
  it.each([
    { what: 'the region does not exist', code: 'RegionUnknown', class: 'invalid' as const },
    { what: 'no role leads into the account', code: 'AssumeRoleRefused', class: 'auth' as const },
  ])('ends although $what', ({ code, class: kind }) =>
    fixture.withWorker(async ({ fake, start }) => {
      fake.before = async (name) => {
        if (name !== 'writeStatus' && name !== 'forget')
          throw failed({ code, class: kind, message: 'not reached', hint: 'use one that exists' });
      };
      const cluster = await start(written({ region: 'eu-west-9' }));
      await cluster.until((status) => status.phase === 'Failed');
      await cluster.workflow.signal('delete', { confirm: 'demo' });
      expect(await cluster.workflow.result()).toMatchObject({ remaining: { instances: [], bucketKeys: [] } });
    }),
  );
});
