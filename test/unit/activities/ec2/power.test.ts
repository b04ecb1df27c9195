import {
  DescribeInstancesCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
  StartInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetObjectCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CancelledFailure } from '@temporalio/common';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { awsError, failureOf, makeActivities, scope, settled, start, tokenOf } from '../support.js';

const ec2 = mockClient(EC2Client);
const s3 = mockClient(S3Client);
const activities = makeActivities();

beforeEach(() => {
  vi.useFakeTimers();
  s3.on(HeadBucketCommand).resolves({});
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
  s3.reset();
});

const page = (...ids: string[]) => ({
  Reservations: [
    {
      Instances: ids.map((InstanceId) => ({
        InstanceId,
        InstanceType: 't3.medium' as const,
        ClientToken: InstanceId === 'i-foreign' ? 'somebody-else' : tokenOf('server-0', 1),
      })),
    },
  ],
});

describe('power', () => {
  test('a start without capacity fails with that class', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page('i-1'));
    ec2.on(StartInstancesCommand).rejects(awsError('InsufficientInstanceCapacity', 'none', 500));

    const failure = await failureOf(start(activities.startInstances, { ...scope, instanceIds: ['i-1'] }).result);

    expect(failure).toMatchObject({ class: 'capacity', nonRetryable: true });
    expect(failure.message).toContain('StartInstances i-1');
  });

  test('a type that is already there is not asked for again', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page('i-1'));

    await start(activities.modifyInstanceType, { ...scope, instanceId: 'i-1', instanceType: 't3.medium' }).result;

    expect(ec2.commandCalls(ModifyInstanceAttributeCommand)).toHaveLength(0);
  });

  test.each(['startInstances', 'stopInstances', 'rebootInstances', 'terminateInstances'] as const)(
    '%s touches no instance of a list with a foreign one in it',
    async (name) => {
      s3.on(GetObjectCommand).rejects(awsError('NoSuchKey'));
      ec2.on(DescribeInstancesCommand).resolves(page('i-1', 'i-foreign'));

      const failure = await failureOf(start(activities[name], { ...scope, instanceIds: ['i-1', 'i-foreign'] }).result);

      expect(failure).toMatchObject({ code: 'ForeignInstance', class: 'conflict', nonRetryable: true });
      expect(failure.message).toContain('i-foreign is not an instance of shop');
      expect(ec2.calls()).toHaveLength(ec2.commandCalls(DescribeInstancesCommand).length);
    },
  );

  test('a start that is cancelled while it waits for its turn ends at once, and starts nothing', async () => {
    // Prepare
    ec2
      .on(DescribeInstancesCommand)
      .callsFake(({ Filters }: { Filters?: { Values?: string[] }[] }) => page(...(Filters?.[0]?.Values ?? [])));
    ec2.on(StartInstancesCommand).resolves({});
    const starts = Array.from({ length: 5 }, (_, n) =>
      settled(start(activities.startInstances, { ...scope, region: 'eu-west-3', instanceIds: [`i-${n}`] }).result),
    );
    const late = start(activities.startInstances, { ...scope, region: 'eu-west-3', instanceIds: ['i-late'] });
    // Act
    late.environment.cancel();
    const end = await late.result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(5_000);
    await Promise.all(starts);
    // Assess
    expect(end).toBeInstanceOf(CancelledFailure);
    const asked = ec2.commandCalls(StartInstancesCommand).flatMap((call) => call.args[0].input.InstanceIds ?? []);
    expect(asked.sort()).toEqual(['i-0', 'i-1', 'i-2', 'i-3', 'i-4']);
  });

  test('a start whose turn is more than ten seconds away leaves the worker', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page('i-1'));
    ec2.on(StartInstancesCommand).resolves({});
    const [late, ...others] = Array.from({ length: 21 }, (_, n) =>
      start(activities.startInstances, { ...scope, region: 'eu-west-2', instanceIds: ['i-1'], uid: `uid-${n}` }),
    ).reverse();

    const failure = await failureOf(late?.result ?? Promise.resolve());

    expect(failure).toMatchObject({ code: 'AwaitsTurn', class: 'throttled' });
    // Their instance proves to be of another cluster: that is of no matter here.
    await Promise.allSettled(others.map(({ result }) => settled(result)));
  });

  test('no instances, no call', async () => {
    await start(activities.stopInstances, { ...scope, instanceIds: [] }).result;

    expect(ec2.calls()).toHaveLength(0);
  });
});

describe('the security groups of an instance', () => {
  const face = (id: string, DeviceIndex: number) => ({ NetworkInterfaceId: id, Attachment: { DeviceIndex } });
  const withFaces = (...NetworkInterfaces: ReturnType<typeof face>[]) => ({
    Reservations: [{ Instances: [{ ...page('i-1').Reservations[0]?.Instances[0], NetworkInterfaces }] }],
  });
  const set = () =>
    settled(
      start(activities.setInstanceGroups, { ...scope, instanceId: 'i-1', groupIds: ['sg-1', 'sg-2'], named: [] })
        .result,
    );

  test('are set on the instance while it has one interface', async () => {
    ec2.on(DescribeInstancesCommand).resolves(withFaces(face('eni-0', 0)));
    ec2.on(ModifyInstanceAttributeCommand).resolves({});

    await set();

    expect(ec2.commandCalls(ModifyInstanceAttributeCommand).map((call) => call.args[0].input)).toEqual([
      { InstanceId: 'i-1', Groups: ['sg-1', 'sg-2'] },
    ]);
  });

  test('are set on the primary interface of one that has several', async () => {
    ec2.on(DescribeInstancesCommand).resolves(withFaces(face('eni-1', 1), face('eni-0', 0)));
    ec2.on(ModifyNetworkInterfaceAttributeCommand).resolves({});

    await set();

    expect(ec2.commandCalls(ModifyInstanceAttributeCommand)).toEqual([]);
    expect(ec2.commandCalls(ModifyNetworkInterfaceAttributeCommand).map((call) => call.args[0].input)).toEqual([
      { NetworkInterfaceId: 'eni-0', Groups: ['sg-1', 'sg-2'] },
    ]);
  });

  test.each<[string, object]>([
    ['does not list', {}],
    [
      'ends',
      {
        Reservations: [
          { Instances: [{ ...page('i-1').Reservations[0]?.Instances[0], State: { Name: 'shutting-down' } }] },
        ],
      },
    ],
  ])('are not asked for on an instance that EC2 %s', async (_, answer) => {
    ec2.on(DescribeInstancesCommand).resolves(answer);

    expect(await set()).toBe('gone');
    expect(ec2.commandCalls(ModifyInstanceAttributeCommand)).toEqual([]);
  });

  test.each<[string, string]>([
    ['InvalidGroup.NotFound', 'invalid'],
    ['UnauthorizedOperation', 'auth'],
    ['SecurityGroupsPerInterfaceLimitExceeded', 'quota'],
  ])('that EC2 refuses with %s are asked for no more: %s', async (code, errorClass) => {
    ec2.on(DescribeInstancesCommand).resolves(withFaces(face('eni-0', 0)));
    ec2.on(ModifyInstanceAttributeCommand).rejects(awsError(code));

    expect(await failureOf(set())).toMatchObject({ code, class: errorClass, nonRetryable: true });
  });
});

describe('termination', () => {
  test('asks only for those that EC2 knows, and waits until they are gone', async () => {
    ec2.on(DescribeInstancesCommand).resolvesOnce(page('i-1')).resolvesOnce(page('i-1')).resolves(page());
    ec2.on(TerminateInstancesCommand).resolves({});

    await settled(start(activities.terminateInstances, { ...scope, instanceIds: ['i-1', 'i-forgotten'] }).result);

    expect(ec2.commandCalls(TerminateInstancesCommand).map((call) => call.args[0].input.InstanceIds)).toEqual([
      ['i-1'],
    ]);
  });

  test('one protected instance holds up only itself, and is named', async () => {
    ec2.on(DescribeInstancesCommand).resolves(page('i-1', 'i-protected', 'i-3'));
    ec2.on(TerminateInstancesCommand).callsFake(({ InstanceIds: ids }: { InstanceIds: string[] }) => {
      if (ids.includes('i-protected')) throw awsError('OperationNotPermitted', "its 'disableApiTermination' is set");
      return {};
    });

    const failure = await failureOf(
      settled(start(activities.terminateInstances, { ...scope, instanceIds: ['i-1', 'i-protected', 'i-3'] }).result),
    );

    const asked = ec2.commandCalls(TerminateInstancesCommand).map((call) => call.args[0].input.InstanceIds?.join());
    expect(asked).toEqual(['i-1,i-protected,i-3', 'i-1', 'i-protected', 'i-3']);
    expect(failure).toMatchObject({ code: 'OperationNotPermitted', class: 'conflict', nonRetryable: false });
    expect(failure.message).toContain('TerminateInstances i-protected:');
  });
});
