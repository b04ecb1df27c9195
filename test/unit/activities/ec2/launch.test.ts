import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LaunchInput } from '#src/activities/api.js';
import { clientToken } from '#src/activities/ec2/launch-request.js';
import { awsError, failureOf, installation, launchInput, makeActivities, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();
afterEach(() => void ec2.reset());

const token = (input: LaunchInput): string => clientToken(installation, input);
const none = { Reservations: [] };
const one = (id: string, state: 'running' | 'shutting-down' = 'running', ClientToken = token(launchInput)) => ({
  Reservations: [{ Instances: [{ InstanceId: id, ClientToken, State: { Name: state } }] }],
});
const launched = { Instances: [{ InstanceId: 'i-new', State: { Name: 'pending' as const } }] };

describe('a launch', () => {
  test('returns the instance that is in the slot already, and asks for none', async () => {
    ec2.on(DescribeInstancesCommand).resolves(one('i-old'));

    const view = await start(activities.launchInstance, launchInput).result;

    expect(view.id).toBe('i-old');
    expect(ec2.commandCalls(RunInstancesCommand)).toHaveLength(0);
  });

  test('asks for one instance otherwise, under a token of 64 characters', async () => {
    ec2.on(DescribeInstancesCommand).resolves(none).on(RunInstancesCommand).resolves(launched);

    const view = await start(activities.launchInstance, launchInput).result;

    const [call] = ec2.commandCalls(RunInstancesCommand);
    expect(view.id).toBe('i-new');
    expect(call?.args[0].input).toMatchObject({
      MinCount: 1,
      MaxCount: 1,
      ClientToken: token(launchInput),
      IamInstanceProfile: { Name: 'keelson-node' },
      MetadataOptions: { HttpTokens: 'required' },
      BlockDeviceMappings: [{ Ebs: { Encrypted: true, VolumeType: 'gp3' } }],
    });
    expect(token(launchInput)).toMatch(/^[\w-]{64}$/);
  });

  test('whose turn is more than ten seconds away leaves the worker, and keeps its place', async () => {
    // Prepare
    vi.useFakeTimers();
    ec2.on(DescribeInstancesCommand).resolves(none).on(RunInstancesCommand).resolves(launched);
    const worker = makeActivities();
    const launchOf = (n: number, urgent = false) =>
      start(worker.launchInstance, { ...launchInput, uid: `uid-${n}`, ...(urgent && { urgent: true as const }) })
        .result;

    // Act
    const here = Array.from({ length: 20 }, (_, n) => launchOf(n));
    const away = launchOf(20).catch((error: unknown) => error);
    const repair = launchOf(21, true);
    const repairs = Array.from({ length: 20 }, (_, n) => launchOf(30 + n, true).catch((error: unknown) => error));
    await vi.advanceTimersByTimeAsync(10_000);
    const back = launchOf(20);
    await vi.advanceTimersByTimeAsync(1_000);

    // Assess
    expect(await away).toMatchObject({ type: 'throttled', nextRetryDelay: 5_000, nonRetryable: false });
    expect(await away).toHaveProperty('details.0.code', 'AwaitsTurn');
    // Repairs wait for each other alone.
    expect(await repairs.at(-1)).toHaveProperty('details.0.code', 'AwaitsTurn');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await Promise.all([...here, repair, back])).toHaveLength(22);
    expect(ec2.commandCalls(RunInstancesCommand)).toHaveLength(41);
    vi.useRealTimers();
  });

  test('asks for the key, the figures of the volume and the hop limit of the document, all of them in the token', async () => {
    ec2.on(DescribeInstancesCommand).resolves(none).on(RunInstancesCommand).resolves(launched);
    const rootVolume = { ...launchInput.launch.rootVolume, kmsKeyId: 'alias/volumes', iops: 6000, throughput: 250 };
    const input = { ...launchInput, launch: { ...launchInput.launch, rootVolume, metadataHopLimit: 2 } };

    await start(activities.launchInstance, input).result;

    const [call] = ec2.commandCalls(RunInstancesCommand);
    expect(call?.args[0].input).toMatchObject({
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
      BlockDeviceMappings: [{ Ebs: { KmsKeyId: 'alias/volumes', Iops: 6000, Throughput: 250 } }],
    });
    const others = [
      { ...rootVolume, kmsKeyId: 'alias/b' },
      { ...rootVolume, iops: 7000 },
      { ...rootVolume, throughput: 300 },
    ];
    const tokens = others.map((one) => token({ ...input, launch: { ...input.launch, rootVolume: one } }));
    expect(new Set([token(launchInput), token(input), ...tokens]).size).toBe(5);
  });

  test('asks for data volumes that are not kept and for the capacity reservation, both of them in the token', async () => {
    ec2.on(DescribeInstancesCommand).resolves(none).on(RunInstancesCommand).resolves(launched);
    const scratch = {
      name: 'scratch',
      device: '/dev/sdg',
      sizeGiB: 20,
      type: 'gp3',
      encrypted: true,
      mountPath: '/mnt/scratch',
      filesystem: 'ext4' as const,
      keep: false,
    };
    const kept = { ...scratch, name: 'data', device: '/dev/sdf', keep: true };
    const capacityReservation = { id: 'cr-0123456789abcdef0' };
    const launch = { ...launchInput.launch, volumes: [kept, scratch], capacityReservation };

    await start(activities.launchInstance, { ...launchInput, launch }).result;

    const [call] = ec2.commandCalls(RunInstancesCommand);
    expect(call?.args[0].input).toMatchObject({
      BlockDeviceMappings: [
        { DeviceName: '/dev/xvda' },
        { DeviceName: '/dev/sdg', Ebs: { VolumeSize: 20, DeleteOnTermination: true } },
      ],
      CapacityReservationSpecification: {
        CapacityReservationTarget: { CapacityReservationId: 'cr-0123456789abcdef0' },
      },
    });
    const tokens = [
      token(launchInput),
      token({ ...launchInput, launch: { ...launchInput.launch, capacityReservation } }),
      token({ ...launchInput, launch: { ...launchInput.launch, volumes: [scratch] } }),
    ];
    expect(new Set(tokens).size).toBe(3);
  });

  test('passes over an instance that carries the tags and is not of this request', async () => {
    const tagged = one('i-foreign', 'running', 'somebody-else');
    ec2.on(DescribeInstancesCommand).resolves(tagged).on(RunInstancesCommand).resolves(launched);

    expect((await start(activities.launchInstance, launchInput).result).id).toBe('i-new');
  });

  test('whose token was used before takes no other instance for the one that this made', async () => {
    ec2.on(DescribeInstancesCommand).resolves(one('i-foreign', 'running', 'somebody-else'));
    ec2.on(RunInstancesCommand).rejects(awsError('IdempotentParameterMismatch'));

    const failure = await failureOf(start(activities.launchInstance, launchInput).result);

    expect(failure.code).toBe('IdempotentParameterMismatch');
  });

  test('passes over an instance that is on its way out', async () => {
    ec2.on(DescribeInstancesCommand).resolves(one('i-old', 'shutting-down')).on(RunInstancesCommand).resolves(launched);

    expect((await start(activities.launchInstance, launchInput).result).id).toBe('i-new');
  });

  test('whose token was used with other parameters finds what that made', async () => {
    ec2.on(DescribeInstancesCommand).resolvesOnce(none).resolves(one('i-earlier'));
    ec2.on(RunInstancesCommand).rejects(awsError('IdempotentParameterMismatch'));

    expect((await start(activities.launchInstance, launchInput).result).id).toBe('i-earlier');
  });

  test('whose token belongs to a terminated instance fails for good: the slot needs another generation', async () => {
    ec2.on(DescribeInstancesCommand).resolves(none);
    ec2.on(RunInstancesCommand).rejects(awsError('IdempotentInstanceTerminated'));

    const failure = await failureOf(start(activities.launchInstance, launchInput).result);

    expect(failure).toMatchObject({ code: 'IdempotentInstanceTerminated', class: 'conflict', nonRetryable: true });
  });

  test('without capacity fails for good, naming type, subnet and slot', async () => {
    ec2.on(DescribeInstancesCommand).resolves(none);
    ec2.on(RunInstancesCommand).rejects(awsError('InsufficientInstanceCapacity', 'no capacity', 500));

    const failure = await failureOf(start(activities.launchInstance, launchInput).result);

    expect(failure).toMatchObject({ class: 'capacity', nonRetryable: true });
    expect(failure.message).toContain('t3.medium in subnet-a for server-0');
  });

  test('is patient with a profile that is new, not with one that does not exist', async () => {
    ec2.on(DescribeInstancesCommand).resolves(none);
    ec2
      .on(RunInstancesCommand)
      .rejects(
        awsError(
          'InvalidParameterValue',
          'Value (keelson-node) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
        ),
      );

    const soon = await failureOf(start(activities.launchInstance, launchInput).result);
    const late = await failureOf(
      start(activities.launchInstance, launchInput, { scheduledTimestampMs: Date.now() - 180_000 }).result,
    );

    expect(soon).toMatchObject({ code: 'InstanceProfileUnknown', class: 'transient', nonRetryable: false });
    expect(late).toMatchObject({ code: 'InstanceProfileUnknown', class: 'invalid', nonRetryable: true });
  });

  test('without any profile is refused before AWS is asked', async () => {
    const without = makeActivities({ instanceProfile: null });

    const failure = await failureOf(start(without.launchInstance, launchInput).result);

    expect(failure).toMatchObject({ code: 'InstanceProfileMissing', class: 'invalid', nonRetryable: true });
    expect(ec2.calls()).toHaveLength(0);
  });

  test('that is cancelled while the call is out still tells what it made', async () => {
    ec2.on(DescribeInstancesCommand).resolves(none);
    let answer!: (value: typeof launched) => void;
    ec2.on(RunInstancesCommand).callsFake(() => new Promise((resolve) => (answer = resolve)));
    const { result, environment } = start(activities.launchInstance, launchInput);
    await expect.poll(() => ec2.commandCalls(RunInstancesCommand).length).toBe(1);

    environment.cancel('CANCELLED');
    answer(launched);

    expect((await result).id).toBe('i-new');
  });
});

describe('the client token', () => {
  const changed: [string, (input: LaunchInput) => LaunchInput][] = [
    ['subnet', (input) => ({ ...input, launch: { ...input.launch, subnetId: 'subnet-b' } })],
    ['type', (input) => ({ ...input, launch: { ...input.launch, instanceType: 't3.large' } })],
    ['image', (input) => ({ ...input, launch: { ...input.launch, imageId: 'ami-2' } })],
    [
      'volume',
      (input) => ({ ...input, launch: { ...input.launch, rootVolume: { ...input.launch.rootVolume, sizeGiB: 31 } } }),
    ],
    ['groups', (input) => ({ ...input, launch: { ...input.launch, securityGroupIds: ['sg-2'] } })],
    ['user data', (input) => ({ ...input, userData: '#!/bin/sh\n' })],
    ['tags', (input) => ({ ...input, tags: { a: 'b' } })],
    ['generation', (input) => ({ ...input, generation: 2 })],
    ['slot', (input) => ({ ...input, slot: 'server-1' })],
    ['life of the cluster', (input) => ({ ...input, uid: 'uid-2' })],
  ];

  test.each(changed)('changes with the %s', (_, change) => {
    expect(token(change(launchInput))).not.toBe(token(launchInput));
  });

  test('does not change with who asks, nor with the order of tags', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.dictionary(fc.string(), fc.string()), (operation, traceId, tags) => {
        const turned = Object.fromEntries(Object.entries(tags).reverse());
        const other = { ...launchInput, operation, traceId, tags: turned };
        expect(token(other)).toBe(token({ ...launchInput, tags }));
      }),
    );
  });
});
