import { DescribeInstancesCommand, EC2Client, type Instance, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LaunchBatchInput } from '#src/activities/api.js';
import { clientToken } from '#src/activities/ec2/launch-request.js';
import { provesPlace } from '#src/aws/client-token.js';
import { awsError, failureOf, installation, launchInput, makeActivities, owner, settled, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
});

const { slot: _slot, nodeName: _name, ...common } = launchInput;
const input: LaunchBatchInput = { ...common, batch: { pool: 'workers', first: 1, step: 3, count: 3 } };
const SLOTS = ['workers-1', 'workers-4', 'workers-7'];
const TAG = 'workers-1+3';
const token = (count = 3): string =>
  clientToken(installation, { ...input, slot: TAG, nodeName: 'shop-workers-1+3-g1' }, count);

const instance = (index: number, over: Partial<Instance> = {}): Instance => ({
  InstanceId: `i-${index}`,
  AmiLaunchIndex: index,
  ClientToken: token(),
  SubnetId: 'subnet-a',
  State: { Name: 'pending' },
  LaunchTime: new Date(),
  Tags: [
    { Key: 'keelson:slot', Value: TAG },
    { Key: 'keelson:generation', Value: '1' },
  ],
  ...over,
});
const ALL = [0, 1, 2].map((index) => instance(index));
const listing = (...Instances: Instance[]) => ({ Reservations: [{ Instances }] });
const ended = { State: { Name: 'terminated' as const }, SubnetId: '' };
const launch = () => start(activities.launchInstances, input).result;
const shown = (views: Awaited<ReturnType<typeof launch>>) => views.map((view) => view && `${view.slot} ${view.id}`);

describe('a launch of several slots', () => {
  test('is one call for all of them or none, under the name of the batch, and the index tells the slot', async () => {
    // Prepare
    ec2
      .on(DescribeInstancesCommand)
      .resolves(listing())
      .on(RunInstancesCommand)
      .resolves({ Instances: [...ALL].reverse() });

    // Act
    const views = await launch();

    // Assess
    expect(shown(views)).toEqual(SLOTS.map((slot, index) => `${slot} i-${index}`));
    const [call, ...more] = ec2.commandCalls(RunInstancesCommand);
    expect(more).toEqual([]);
    expect(call?.args[0].input).toMatchObject({ MinCount: 3, MaxCount: 3, ClientToken: token() });
    expect(call?.args[0].input.TagSpecifications?.[0]?.Tags).toContainEqual({ Key: 'keelson:slot', Value: TAG });
    expect(provesPlace(token(), installation, { ...owner, slot: TAG, generation: 1 })).toBe(true);
    expect(token(2)).not.toBe(token(3));
  });

  test('is not made again where EC2 lists it, by its token, whatever tags the instances have by now', async () => {
    const named = instance(1, { Tags: [{ Key: 'keelson:slot', Value: 'workers-9' }] });
    ec2.on(DescribeInstancesCommand).resolves(listing(instance(2), named, instance(0)));

    const views = await launch();

    expect(shown(views)).toEqual(SLOTS.map((slot, index) => `${slot} i-${index}`));
    expect(ec2.commandCalls(RunInstancesCommand)).toEqual([]);
    expect(ec2.commandCalls(DescribeInstancesCommand)[0]?.args[0].input.Filters).toEqual([
      { Name: 'client-token', Values: [token()] },
    ]);
  });

  test('asks again under the same token where EC2 lists a part of it', async () => {
    ec2.on(DescribeInstancesCommand).resolves(listing(instance(2)));
    ec2.on(RunInstancesCommand).resolves({ Instances: ALL });

    expect(shown(await launch())).toEqual(SLOTS.map((slot, index) => `${slot} i-${index}`));
  });

  test('leaves out the instance that has ended meanwhile', async () => {
    ec2.on(DescribeInstancesCommand).resolves(listing(instance(0), instance(1, ended), instance(2)));

    expect(shown(await launch())).toEqual(['workers-1 i-0', null, 'workers-7 i-2']);
  });

  test('passes over what others have launched elsewhere under the same token', async () => {
    const foreign = instance(1, { InstanceId: 'i-foreign', SubnetId: 'subnet-b' });
    ec2.on(DescribeInstancesCommand).resolves(listing(foreign, ...ALL));

    expect(shown(await launch())).toEqual(SLOTS.map((slot, index) => `${slot} i-${index}`));
  });

  test.each(['IdempotentParameterMismatch', 'IdempotentInstanceTerminated'])(
    'takes no instance for ended that EC2 does not list yet, after %s',
    async (code) => {
      ec2.on(DescribeInstancesCommand).resolves(listing(instance(0), instance(1, ended)));
      ec2.on(RunInstancesCommand).rejects(awsError(code));

      const failure = await failureOf(launch());

      expect(failure).toMatchObject({ code: 'LaunchNotListed', class: 'not-found-yet', nonRetryable: false });
    },
  );

  test('takes one for ended that EC2 does not list an hour after the launch', async () => {
    const LaunchTime = new Date(Date.now() - 2 * 3_600_000);
    ec2.on(DescribeInstancesCommand).resolves(listing(instance(0, { LaunchTime }), instance(2, { LaunchTime })));
    ec2.on(RunInstancesCommand).rejects(awsError('IdempotentInstanceTerminated'));

    expect(shown(await launch())).toEqual(['workers-1 i-0', null, 'workers-7 i-2']);
  });

  test('takes no refusal of a call for the answer to an earlier one: what that launched is found later', async () => {
    // Prepare
    vi.useFakeTimers();
    ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce(listing())
      .resolves(listing(...ALL));
    ec2.on(RunInstancesCommand).rejects(awsError('InsufficientInstanceCapacity'));

    // Act
    const views = await settled(start(activities.launchInstances, input, { attempt: 2 }).result);

    // Assess
    expect(shown(views)).toEqual(SLOTS.map((slot, index) => `${slot} i-${index}`));
  });

  test('takes no refused look for an answer, where an earlier call may have launched', async () => {
    ec2.on(DescribeInstancesCommand).rejects(awsError('UnauthorizedOperation', 'no', 403));

    const failure = await failureOf(start(activities.launchInstances, { ...input, repeated: true }).result);

    expect(failure).toMatchObject({ code: 'UnauthorizedOperation', class: 'transient', nonRetryable: false });
    expect(ec2.commandCalls(RunInstancesCommand)).toEqual([]);
  });

  test.each([
    ['InsufficientInstanceCapacity', 'capacity'],
    ['VcpuLimitExceeded', 'quota'],
    ['IdempotentInstanceTerminated', 'conflict'],
  ])('is refused as a whole: %s', async (code, errorClass) => {
    ec2.on(DescribeInstancesCommand).resolves(listing());
    ec2.on(RunInstancesCommand).rejects(awsError(code));

    const failure = await failureOf(launch());

    expect(failure).toMatchObject({ code, class: errorClass, nonRetryable: true });
    expect(failure.message).toContain('RunInstances 3 t3.medium in subnet-a for workers-1 and 2 more');
  });

  describe('whose turn is more than ten seconds away', () => {
    /** Twenty launches, each of another cluster and with a turn of its own, go before it. */
    async function leave() {
      vi.useFakeTimers();
      ec2.on(DescribeInstancesCommand).resolves(listing());
      ec2.on(RunInstancesCommand).resolves({ Instances: [...ALL] });
      const worker = makeActivities();
      const before = Array.from({ length: 20 }, (_, n) =>
        start(worker.launchInstance, { ...launchInput, uid: `uid-${n}`, since: new Date(n).toISOString() }),
      );
      const since = new Date(30).toISOString();
      const first = start(worker.launchInstances, { ...input, since });
      const failure = await failureOf(first.result);
      const next = (attempt: number, heartbeatDetails: unknown) =>
        start(worker.launchInstances, { ...input, since }, { attempt, heartbeatDetails });
      return { worker, before, failure, left: first.heartbeats.at(-1), next };
    }

    test('leaves the worker as one of a single slot does, and goes in the order of those that wait', async () => {
      // Prepare
      const { worker, failure, left, next } = await leave();

      // Act: a launch whose operation began later comes first
      await vi.advanceTimersByTimeAsync(5_000);
      const late = start(worker.launchInstance, { ...launchInput, uid: 'late', since: new Date(40).toISOString() });
      const back = next(2, left);
      await vi.advanceTimersByTimeAsync(20_000);

      // Assess
      expect(failure).toMatchObject({ code: 'AwaitsTurn', class: 'throttled', nonRetryable: false });
      expect(shown(await back.result)).toEqual(SLOTS.map((slot, index) => `${slot} i-${index}`));
      await late.result;
      const counts = ec2.commandCalls(RunInstancesCommand).map((call) => call.args[0].input.MinCount);
      expect(counts).toHaveLength(22);
      expect(counts.slice(20).sort()).toEqual([1, 3]);
    });

    test('has sent nothing, so that the refusal of its first call is an answer; one that was lost since may have sent', async () => {
      // Prepare
      const { left, next } = await leave();
      ec2.on(RunInstancesCommand).rejects(awsError('InsufficientInstanceCapacity'));
      await vi.advanceTimersByTimeAsync(15_000);

      // Act
      const begun = Date.now();
      const ends: number[] = [];
      for (const attempt of [2, 3]) {
        await settled(failureOf(next(attempt, left).result));
        ends.push(Date.now() - begun);
      }

      // Assess
      const [answered = 0, looked = 0] = ends;
      expect(answered).toBeLessThan(10_000);
      expect(looked - answered).toBeGreaterThanOrEqual(30_000);
    });
  });
});
