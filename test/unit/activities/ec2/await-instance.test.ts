import { DescribeInstancesCommand, EC2Client, type Instance, type InstanceStateName } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CancelledFailure } from '@temporalio/common';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AwaitInstanceInput } from '#src/activities/api.js';
import { awsError, failureOf, makeActivities, scope, settled, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const ssm = mockClient(SSMClient);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
  ssm.reset();
});

const LAUNCHED = new Date('2026-01-01T00:00:00Z');
const AFTER = new Date('2026-01-01T00:01:00Z');
const BEFORE = new Date('2025-12-31T23:59:00Z');

const page = (...instances: Instance[]) => ({ Reservations: [{ Instances: instances }] });
const instance = (state: InstanceStateName, more: Instance = {}): Instance => ({
  InstanceId: 'i-1',
  State: { Name: state },
  LaunchTime: LAUNCHED,
  ...more,
});
const until = (state: AwaitInstanceInput['until'], instanceId = 'i-1'): AwaitInstanceInput => ({
  ...scope,
  instanceId,
  until: state,
});

describe('waiting for an SSM agent that never registers', () => {
  test('ends when its time is over, and names the subnet and the likely cause', async () => {
    const where = { SubnetId: 'subnet-a', Placement: { AvailabilityZone: 'eu-west-1a' } };
    ec2.on(DescribeInstancesCommand).resolves(page(instance('running', where)));
    ssm.on(DescribeInstanceInformationCommand).resolves({ InstanceInformationList: [] });

    const input = { ...until('agent-online'), registrationSeconds: 600 };
    const failure = await failureOf(settled(start(makeActivities().awaitInstance, input).result));

    expect(failure).toMatchObject({ code: 'AgentNotRegistered', class: 'conflict', nonRetryable: true });
    expect(failure.message).toMatch(/within 600 s: SSM has never heard of it; the instance runs in subnet-a/);
    expect(failure.hint).toMatch(/NAT gateway.*endpoints/);
  });

  test.each([
    ['ahead', 5],
    ['behind', -5],
  ])(
    'is given the same time by a worker whose clock is hours %s, and goes on from attempt to attempt',
    async (_, hours) => {
      // Prepare: Temporal has asked for it five minutes ago, by its own clock
      const asked = Date.now();
      const times = { scheduledTimestampMs: asked, currentAttemptScheduledTimestampMs: asked + 300_000 };
      ec2.on(DescribeInstancesCommand).resolves(page(instance('running')));
      ssm.on(DescribeInstanceInformationCommand).resolves({ InstanceInformationList: [] });
      vi.setSystemTime(asked + hours * 3_600_000);

      // Act
      const input = { ...until('agent-online'), registrationSeconds: 600 };
      const { result } = start(makeActivities().awaitInstance, input, { attempt: 2, ...times });
      let ended = false;
      result.catch(() => {
        ended = true;
      });
      await vi.advanceTimersByTimeAsync(290_000);
      const early = ended;
      await vi.advanceTimersByTimeAsync(20_000);

      // Assess
      expect({ early, ended }).toEqual({ early: false, ended: true });
    },
  );
});

describe('waiting for an instance', () => {
  test('ends when it runs, although EC2 does not know it at first', async () => {
    ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce(page())
      .resolvesOnce(page(instance('pending')))
      .resolves(page(instance('running', { PrivateIpAddress: '10.0.0.1' })));

    const view = await settled(start(makeActivities().awaitInstance, until('running')).result);

    expect(view).toMatchObject({ state: 'running', privateIp: '10.0.0.1' });
  });

  test('gives up one that EC2 never knows after minutes', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page());

    const failure = await failureOf(settled(start(makeActivities().awaitInstance, until('running')).result));

    expect(failure).toMatchObject({ code: 'InstanceLost', class: 'conflict', nonRetryable: true });
  });

  test.each([
    ['Client.InvalidKMSKey.InvalidState', 'invalid', 'KMS key'],
    ['Client.InternalError', 'auth', 'kms:CreateGrant'],
    ['Client.VolumeLimitExceeded', 'quota', 'quota'],
    ['Server.InsufficientInstanceCapacity', 'capacity', 'subnets'],
    ['Server.InternalError', 'transient', 'tried again'],
    ['Client.UserInitiatedShutdown', 'conflict', 'CloudTrail'],
    ['Client.InstanceInitiatedShutdown', 'conflict', 'console output'],
  ])('ends at once when it is terminated for %s, as class %s, with what to do', async (Code, errorClass, hint) => {
    const reason = { Code, Message: 'in the words of EC2' };
    ec2.on(DescribeInstancesCommand).resolves(page(instance('terminated', { StateReason: reason })));

    const failure = await failureOf(settled(start(makeActivities().awaitInstance, until('running')).result));

    expect(failure).toMatchObject({ code: Code, class: errorClass, nonRetryable: true });
    expect(failure.message).toContain(`before it was seen running: ${Code}: in the words of EC2`);
    expect(failure.hint).toContain(hint);
  });

  test('reports whether it had run before it ended, and of an end without a reason no more than that', async () => {
    ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce(page(instance('running')))
      .resolves(page(instance('shutting-down')));
    ssm.on(DescribeInstanceInformationCommand).resolves({ InstanceInformationList: [] });

    const failure = await failureOf(settled(start(makeActivities().awaitInstance, until('agent-online')).result));

    expect(failure).toMatchObject({ code: 'InstanceLost', class: 'conflict', nonRetryable: true });
    expect(failure.message).toContain('after it had run');
  });

  test('takes the reason of a start that has failed, and not that of the stop before it', async () => {
    const stopped = (Code: string) => page(instance('stopped', { StateReason: { Code, Message: Code } }));
    ec2.on(DescribeInstancesCommand).resolves(stopped('Client.InvalidKMSKey.InvalidState'));
    const start1 = await failureOf(settled(start(makeActivities().awaitInstance, until('running')).result));
    ec2.on(DescribeInstancesCommand).resolves(stopped('Client.UserInitiatedShutdown'));
    const start2 = await failureOf(settled(start(makeActivities().awaitInstance, until('running')).result));

    expect(start1).toMatchObject({ code: 'Client.InvalidKMSKey.InvalidState', class: 'invalid' });
    expect(start2).toMatchObject({ code: 'IncorrectInstanceState', class: 'conflict' });
  });

  test('puts up with the old state after a start, but not for ever', async () => {
    const activities = makeActivities();
    ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce(page(instance('stopped')))
      .resolves(page(instance('running')));
    const started = await settled(start(activities.awaitInstance, until('running')).result);
    ec2.on(DescribeInstancesCommand).resolves(page(instance('stopped')));

    const failure = await failureOf(settled(start(activities.awaitInstance, until('running')).result));

    expect(started.state).toBe('running');
    expect(failure).toMatchObject({ code: 'IncorrectInstanceState', nonRetryable: true });
  });

  test('for its end is content with an instance that EC2 has forgotten', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page());

    const view = await settled(start(makeActivities().awaitInstance, until('terminated')).result);

    expect(view).toMatchObject({ id: 'i-1', state: 'terminated' });
  });

  test('goes on through throttling and lost connections', async () => {
    ec2
      .on(DescribeInstancesCommand)
      .rejectsOnce(awsError('RequestLimitExceeded', 'slow', 503))
      .rejectsOnce(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))
      .resolves(page(instance('running')));

    const view = await settled(start(makeActivities().awaitInstance, until('running')).result);

    expect(view.state).toBe('running');
  });

  test('ends at once when AWS refuses', async () => {
    ec2.on(DescribeInstancesCommand).rejects(awsError('UnauthorizedOperation', 'no', 403));

    const failure = await failureOf(settled(start(makeActivities().awaitInstance, until('running')).result));

    expect(failure).toMatchObject({ class: 'auth', nonRetryable: true });
    expect(ec2.calls()).toHaveLength(1);
  });

  test('of fifty nodes costs one call an observation', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `i-${index}`);
    ec2
      .on(DescribeInstancesCommand)
      .resolves(page(...ids.map((InstanceId) => ({ ...instance('running'), InstanceId }))));
    const { awaitInstance } = makeActivities();

    await settled(Promise.all(ids.map((id) => start(awaitInstance, until('running', id)).result)));

    expect(ec2.calls()).toHaveLength(1);
  });

  test('heartbeats what it sees, and leaves with a CancelledFailure', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page(instance('pending')));
    const { result, environment, heartbeats } = start(makeActivities().awaitInstance, until('running'));
    await vi.advanceTimersByTimeAsync(5_000);

    environment.cancel('CANCELLED');

    await expect(settled(result)).rejects.toBeInstanceOf(CancelledFailure);
    expect(heartbeats).toContainEqual({ instanceId: 'i-1', state: 'pending', agent: null });
  });
});

describe('a wait in which nothing changes', () => {
  test('beats as often as its time-out asks for, however often it looks', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page(instance('pending')));
    const { result, environment, heartbeats } = start(makeActivities().awaitInstance, until('running'), {
      heartbeatTimeoutMs: 12_000,
    });

    await vi.advanceTimersByTimeAsync(12_100);

    const looks = ec2.calls().length;
    environment.cancel('CANCELLED');
    await expect(settled(result)).rejects.toBeInstanceOf(CancelledFailure);
    expect(looks).toBeGreaterThan(10);
    // One for what it sees first.
    expect(heartbeats).toHaveLength(1 + 4);
  });
});

describe('waiting for the agent', () => {
  const agent = (ping: 'Online' | 'ConnectionLost', at: Date) => ({
    InstanceInformationList: [{ InstanceId: 'i-1', PingStatus: ping, LastPingDateTime: at }],
  });

  test('ends when it has pinged since this boot', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page(instance('running')));
    ssm
      .on(DescribeInstanceInformationCommand)
      .rejectsOnce(awsError('InvalidInstanceId'))
      .resolvesOnce({ InstanceInformationList: [] })
      .resolvesOnce(agent('Online', BEFORE))
      .resolvesOnce(agent('ConnectionLost', AFTER))
      .resolves(agent('Online', AFTER));

    const view = await settled(start(makeActivities().awaitInstance, until('agent-online')).result);

    expect(view.state).toBe('running');
    expect(ssm.calls()).toHaveLength(5);
  });
});
