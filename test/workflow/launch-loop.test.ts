import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { InstanceObservation } from '#src/model/observation.js';
import type { StatusView } from '#src/model/status.js';
import { type FakeActivities, failed } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const KEY = {
  code: 'Client.InvalidKMSKey.InvalidState',
  class: 'invalid',
  message: 'the key is disabled',
  hint: 'enable the key',
} as const;

const NO_ROOM = {
  code: 'Server.InsufficientInstanceCapacity',
  class: 'capacity',
  message: 'no capacity',
  hint: 'another type',
} as const;

/** More than any of these tests may launch: a loop is told at once, and not by a time-out. */
const FAR_TOO_MANY = 9;

/** An event of EC2, as the event bridge sends it. */
const reported = (view: Pick<InstanceObservation, 'id'>, state: InstanceObservation['state']) => ({
  reason: 'an event',
  regionReport: { uid: '', whole: false, seen: [{ id: view.id, state }] },
});

/** Does something to each instance while its agent is waited for; that wait ends as `then` says. */
function afterLaunch(fake: FakeActivities, then: (view: InstanceObservation) => Promise<void>): void {
  fake.before = async (name, input: { instanceId?: string }) => {
    const view = fake.instances.get(input.instanceId ?? '');
    if (name === 'awaitInstance' && view !== undefined) await then(view);
  };
}

const failedOrLooping = (fake: FakeActivities) => (status: StatusView) =>
  (status.phase === 'Failed' && status.waiting !== null) || fake.launches.length > FAR_TOO_MANY;

/** All that wakes a cluster and asks for nothing new. */
async function disturb(cluster: Handle, document: unknown, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await cluster.workflow.signal('reconcile', { reason: `disturbance ${round}` });
    await cluster.workflow.signal('reconcile', reported({ id: 'i-of-no-slot' }, 'running'));
    await cluster.workflow.executeUpdate('pause', { args: [{}] });
    await cluster.workflow.executeUpdate('resume', { args: [{}] });
    for (const request of ['start', 'repair']) await cluster.workflow.executeUpdate(request, { args: [{}] });
    await cluster.workflow.executeUpdate('apply', { args: [{ document }] });
  }
}

/** In tens of minutes the breaker is first open for ten. */
const isOpenForLong = (status: StatusView): boolean =>
  Date.parse(status.waiting?.until ?? '') > Date.now() + 8 * 60_000;

describe.concurrent('launches that die', () => {
  it('open the breaker, and nothing that happens begins the next try before its time', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: each instance ends while its agent is waited for, and an event tells so
      const starting = start(written());
      afterLaunch(fake, async (view) => {
        fake.instances.set(view.id, { ...view, state: 'terminated' });
        await (await starting).workflow.signal('reconcile', reported(view, 'terminated'));
        throw failed(KEY);
      });
      const cluster = await starting;
      const parked = await cluster.until(failedOrLooping(fake));
      // Act
      await disturb(cluster, written(), 5);
      const status = await cluster.until(failedOrLooping(fake));
      // Assess
      expect(fake.launches.map(({ slot }) => slot).sort()).toEqual(['server-0', 'server-1', 'server-2']);
      const opened = (await cluster.events()).filter((event) => event.reason === 'BreakerOpen');
      expect(opened).toHaveLength(1);
      expect(parked.lastError).toMatchObject({ code: KEY.code, class: 'invalid', hint: KEY.hint });
      expect(isOpenForLong(status)).toBe(true);
    }));

  it('are told with the time of the next try from the failure on, also while Keelson looks at the cluster', ({
    expect,
  }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: someone reads the status each time that EC2 is asked
      const starting = start(written({ mode: 'dev' }));
      const read: StatusView[] = [];
      fake.before = async (name, input: { instanceId?: string }) => {
        const view = fake.instances.get(input.instanceId ?? '');
        if (name === 'awaitInstance' && view !== undefined) {
          fake.instances.set(view.id, { ...view, state: 'terminated' });
          throw failed(KEY);
        }
        if (name === 'observeInstances') read.push(await (await starting).status());
      };
      // Act
      const cluster = await starting;
      const rests = (): boolean => read.some(({ phase }) => phase === 'Failed');
      const parked = await cluster.until((status) => failedOrLooping(fake)(status) && rests());
      // Assess
      const told = read.filter(({ phase }) => phase === 'Failed').map(({ waiting }) => waiting);
      expect(told[0]).toEqual(parked.waiting);
      expect(parked.waiting?.for).toBe(`the next try of create after ${KEY.code}`);
    }));

  it('leave the subnet in which an earlier instance was out of reach alone, also when the next has ended before EC2 answered', ({
    expect,
  }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: no agent registers from the first subnet, and the instance after it is gone when its launch is repeated
      let answers = 0;
      const ended = {
        code: 'IdempotentInstanceTerminated',
        class: 'conflict',
        message: 'it has ended',
        hint: '',
      } as const;
      const mute = { code: 'AgentNotRegistered', class: 'conflict', message: 'no agent', hint: '' } as const;
      fake.before = async (name, input: { instanceId?: string }) => {
        if (name === 'launchInstance') answers += 1;
        if (name === 'launchInstance' && answers === 2) throw failed(ended);
        if (name === 'awaitInstance' && fake.instances.get(input.instanceId ?? '')?.subnetId === 'subnet-a')
          throw failed(mute);
      };
      // Act
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.settled('Running');
      // Assess
      expect(fake.launches.map(({ launch }) => launch.subnetId)).toEqual(['subnet-a', 'subnet-b']);
      expect(answers).toBe(3);
    }));

  it('are tried again at once by retry and by another document', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      afterLaunch(fake, async (view) => {
        fake.instances.set(view.id, { ...view, state: 'terminated' });
        throw failed(KEY);
      });
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.until(failedOrLooping(fake));
      // Act
      await cluster.workflow.signal('retry', {});
      await expect.poll(() => fake.launches.length).toBe(2);
      await cluster.until(failedOrLooping(fake));
      afterLaunch(fake, async () => undefined);
      await cluster.workflow.executeUpdate('apply', {
        args: [{ document: written({ mode: 'dev', tags: { team: 'shop' } }) }],
      });
      await cluster.settled('Running');
      // Assess
      expect(fake.launches).toHaveLength(3);
    }));

  it('for want of capacity, found after the answer, go on in another subnet', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      afterLaunch(fake, async (view) => {
        if (!['subnet-a', 'subnet-b'].includes(view.subnetId)) return;
        fake.instances.set(view.id, { ...view, state: 'terminated' });
        throw failed(NO_ROOM);
      });
      // Act
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.settled('Running');
      // Assess
      expect(fake.launches.map(({ launch }) => launch.subnetId)).toEqual(['subnet-a', 'subnet-b', 'subnet-c']);
    }));

  it('do not keep a delete waiting', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      afterLaunch(fake, async (view) => {
        fake.instances.set(view.id, { ...view, state: 'terminated' });
        throw failed(KEY);
      });
      const cluster = await start(written({ mode: 'dev' }));
      await cluster.until(failedOrLooping(fake));
      await cluster.workflow.signal('delete', { confirm: 'demo' });
      expect(await cluster.workflow.result()).toMatchObject({ remaining: { instances: [] } });
      expect(fake.launches).toHaveLength(1);
    }));

  // The wait for the agent never says anything: all that is known comes from events.
  it.for(['terminated', 'stopped'] as const)(
    'count as failures when an event that says %s has ended the round',
    (state, { expect }) =>
      fixture.withWorker(async ({ fake, start }) => {
        // Prepare
        const starting = start(written({ mode: 'dev' }));
        afterLaunch(fake, async (view) => {
          fake.instances.set(view.id, { ...view, state });
          // One that is whole and lacks the instance leaves nothing to be waited for.
          const seen = state === 'stopped' ? [{ id: view.id, state }] : [];
          await (await starting).workflow.signal('reconcile', { regionReport: { uid: '', whole: true, seen } });
          const context = Context.current();
          const beat = setInterval(() => context.heartbeat(), 500);
          await context.cancelled.finally(() => clearInterval(beat));
        });
        // Act
        const cluster = await starting;
        const begun = Date.now();
        const status = await cluster.until((one) => (one.lastError?.attempt ?? 0) >= 3);
        // Assess: after back-offs of 2 and 4 seconds
        expect(Date.now() - begun).toBeGreaterThanOrEqual(6_000);
        expect(status.lastError).toMatchObject({ code: 'InstanceLost', slot: 'server-0' });
        expect(fake.launches.length).toBeLessThanOrEqual(3);
      }),
  );
});
