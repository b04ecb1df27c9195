import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  type Instance,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
  waitUntilInstanceRunning,
  waitUntilInstanceTerminated,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestRegion, type TestRegion } from '../local-region.js';

const WAIT = { maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.05 };

describe('launching instances through the SDK', () => {
  let region: TestRegion;

  beforeEach(async () => {
    region = await startTestRegion();
  });
  afterEach(() => region.close());

  async function request(more: Partial<RunInstancesCommandInput> = {}): Promise<RunInstancesCommandInput> {
    const ec2 = region.ec2Client();
    const { Images } = await ec2.send(
      new DescribeImagesCommand({ Owners: ['amazon'], Filters: [{ Name: 'architecture', Values: ['x86_64'] }] }),
    );
    const { Subnets } = await ec2.send(
      new DescribeSubnetsCommand({ Filters: [{ Name: 'default-for-az', Values: ['true'] }] }),
    );
    return {
      ImageId: Images?.[0]?.ImageId,
      InstanceType: 't3.medium',
      MinCount: 1,
      MaxCount: 1,
      ClientToken: 'token-1',
      SubnetId: Subnets?.[0]?.SubnetId,
      UserData: Buffer.from('#!/bin/sh\necho hello\n').toString('base64'),
      IamInstanceProfile: { Name: 'keelson-node' },
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'keelson:slot', Value: 'server-0' }] },
        { ResourceType: 'volume', Tags: [{ Key: 'keelson:cluster', Value: 'shop' }] },
      ],
      ...more,
    };
  }

  async function launch(more: Partial<RunInstancesCommandInput> = {}): Promise<Instance> {
    const { Instances } = await region.ec2Client().send(new RunInstancesCommand(await request(more)));
    return Instances?.[0] ?? {};
  }

  it('takes an instance from pending through running to terminated, with its volume', async () => {
    // Prepare
    const client = region.ec2Client();
    const launched = await launch();
    const id = launched.InstanceId ?? '';

    // Act
    const running = await waitUntilInstanceRunning({ client, ...WAIT }, { InstanceIds: [id] });
    const seen = (await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]
      ?.Instances?.[0];
    const volumes = await client.send(
      new DescribeVolumesCommand({ Filters: [{ Name: 'tag:keelson:cluster', Values: ['shop'] }] }),
    );
    await client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await waitUntilInstanceTerminated({ client, ...WAIT }, { InstanceIds: [id] });
    const after = await client.send(new DescribeVolumesCommand({}));

    // Assess
    expect(launched).toMatchObject({ State: { Name: 'pending' }, ClientToken: 'token-1', Architecture: 'x86_64' });
    expect(running.state).toBe('SUCCESS');
    expect(seen).toMatchObject({
      State: { Name: 'running' },
      PrivateIpAddress: expect.stringMatching(/^10\.10\./),
      PublicIpAddress: expect.stringMatching(/^127\./),
      RootDeviceName: '/dev/xvda',
      Placement: { AvailabilityZone: 'eu-west-1a' },
      Tags: [{ Key: 'keelson:slot', Value: 'server-0' }],
      IamInstanceProfile: { Arn: expect.stringContaining('keelson-node') },
      SecurityGroups: [{ GroupName: 'default' }],
    });
    expect(seen?.LaunchTime).toBeInstanceOf(Date);
    expect(volumes.Volumes).toMatchObject([{ State: 'in-use', Attachments: [{ InstanceId: id }] }]);
    expect(after.Volumes).toEqual([]);
    expect(region.machineLog).toEqual([`boot ${id}`, `shutdown ${id}`, `destroy ${id}`]);
    expect(region.world.instances.get(id)?.userData).toBe('#!/bin/sh\necho hello\n');
  });

  it('gives the same instance for the same token, and refuses another request with it', async () => {
    // Prepare
    const first = await launch();

    // Act
    const again = await launch();
    const other = launch({ InstanceType: 't3.large' });

    // Assess
    expect(again.InstanceId).toBe(first.InstanceId);
    await expect(other).rejects.toMatchObject({ name: 'IdempotentParameterMismatch' });
    expect(region.world.record.launches).toHaveLength(1);
  });

  it('launches several by one call, numbers them for ever, and gives all of them for the same token', async () => {
    // Prepare
    const client = region.ec2Client();
    const several = async () =>
      (await client.send(new RunInstancesCommand(await request({ MinCount: 3, MaxCount: 3 })))).Instances ?? [];
    const first = await several();
    const [gone, , last] = first;
    await client.send(new TerminateInstancesCommand({ InstanceIds: [gone?.InstanceId ?? ''] }));

    // Act
    const again = await several();
    const Filters = [{ Name: 'instance-id', Values: [last?.InstanceId ?? ''] }];
    const listed = (await client.send(new DescribeInstancesCommand({ Filters }))).Reservations?.[0]?.Instances;

    // Assess
    expect(first.map(({ AmiLaunchIndex }) => AmiLaunchIndex)).toEqual([0, 1, 2]);
    expect(again.map(({ InstanceId }) => InstanceId)).toEqual(first.map(({ InstanceId }) => InstanceId));
    expect(listed).toMatchObject([{ AmiLaunchIndex: 2, ClientToken: 'token-1' }]);
    expect(region.world.record.launches.map(({ launchIndex }) => launchIndex)).toEqual([0, 1, 2]);
  });

  it.each([
    ['addresses', 'InsufficientFreeAddressesInSubnet', { point: 'addresses', data: { others: 4_089 }, effect: 'held' }],
    ['capacity', 'InsufficientInstanceCapacity', { point: 'capacity', data: { atMost: 2 }, effect: 'none' }],
  ])('launches all of a call or none, for want of %s', async (_, name, fault) => {
    // Prepare
    await region.post('/_region/faults', fault);

    // Act
    const refused = launch({ MinCount: 3, MaxCount: 3 });

    // Assess
    await expect(refused).rejects.toMatchObject({ name });
    expect(region.world.record.launches).toEqual([]);
    await launch({ MinCount: 2, MaxCount: 2, ClientToken: 'token-2' });
    expect(region.world.record.launches).toHaveLength(2);
  });

  it('scopes a token to its zone when the request names a subnet', async () => {
    // Prepare
    const first = await launch();
    const { Subnets } = await region
      .ec2Client()
      .send(new DescribeSubnetsCommand({ Filters: [{ Name: 'availability-zone', Values: ['eu-west-1b'] }] }));
    const other = Subnets?.find(({ DefaultForAz }) => DefaultForAz)?.SubnetId;

    // Act
    const second = await launch({ SubnetId: other });

    // Assess
    expect(second.InstanceId).not.toBe(first.InstanceId);
  });

  it('says so when the token belongs to a terminated instance', async () => {
    // Prepare
    const { InstanceId: id = '' } = await launch();
    await region.ec2Client().send(new TerminateInstancesCommand({ InstanceIds: [id] }));

    // Act
    const again = launch();

    // Assess
    await expect(again).rejects.toMatchObject({ name: 'IdempotentInstanceTerminated' });
  });

  it('has launched the instance although the answer was lost, and finds it again by token', async () => {
    // Prepare
    await region.post('/_region/faults', { action: 'RunInstances', nth: 1, loseAnswer: true });

    // Act
    const lost = launch();
    await expect(lost).rejects.toMatchObject({ code: 'ECONNRESET' });
    const again = await launch();

    // Assess
    expect(region.world.record.launches.map(({ id }) => id)).toEqual([again.InstanceId]);
    expect(await region.get('/_region/duplicates')).toEqual([]);
  });

  it('lacks capacity for a type in a zone when a fault plan says so, and remembers no token for it', async () => {
    // Prepare
    const plan = { point: 'capacity', match: { zone: 'eu-west-1a', instanceType: 't3.*' }, effect: 'none', times: 1 };
    await region.post('/_region/faults', plan);

    // Act
    const refused = launch();

    // Assess
    await expect(refused).rejects.toMatchObject({
      name: 'InsufficientInstanceCapacity',
      message: expect.stringContaining('eu-west-1b, eu-west-1c'),
      $metadata: { httpStatusCode: 500 },
    });
    await expect(launch()).resolves.toMatchObject({ State: { Name: 'pending' } });
  });

  it('counts the free addresses of a subnet by its interfaces and those of others, and launches nothing into a full one', async () => {
    // Prepare
    const { SubnetId } = await request();
    const free = async (): Promise<number | undefined> => {
      const { Subnets } = await region.ec2Client().send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId ?? ''] }));
      return Subnets?.[0]?.AvailableIpAddressCount;
    };
    const empty = await free();
    await region.post('/_region/faults', {
      point: 'addresses',
      match: { subnetId: SubnetId },
      data: { others: 4_090 },
    });

    // Act
    await launch();
    const full = await free();
    const refused = launch({ ClientToken: 'token-2' });

    // Assess: a /20 without the five addresses that AWS keeps
    expect([empty, full]).toEqual([4_091, 0]);
    await expect(refused).rejects.toMatchObject({ name: 'InsufficientFreeAddressesInSubnet' });
  });

  it.each([
    ['an unknown image', { ImageId: 'ami-00000000000000000' }, 'InvalidAMIID.NotFound'],
    ['a malformed image', { ImageId: 'nonsense' }, 'InvalidAMIID.Malformed'],
    ['an unknown type', { InstanceType: 'z9.huge' as never }, 'InvalidParameterValue'],
    ['a type of another architecture', { InstanceType: 't4g.small' as const }, 'InvalidParameterValue'],
    ['an unknown subnet', { SubnetId: 'subnet-00000000' }, 'InvalidSubnetID.NotFound'],
    ['an unknown group', { SecurityGroupIds: ['sg-00000000'] }, 'InvalidGroup.NotFound'],
    ['a token that is too long', { ClientToken: 'x'.repeat(65) }, 'InvalidParameterValue'],
    ['an instance profile with a bad name', { IamInstanceProfile: { Name: 'a b' } }, 'InvalidParameterValue'],
    ['user data that is too long', { UserData: Buffer.alloc(17_000, 'x').toString('base64') }, 'InvalidParameterValue'],
    [
      'an interface beside a subnet',
      { NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: true }] },
      'InvalidParameterCombination',
    ],
    [
      'a root volume smaller than the image',
      { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeSize: 4 } }] },
      'InvalidBlockDeviceMapping',
    ],
    ['a dry run', { DryRun: true }, 'DryRunOperation'],
  ])('refuses %s', async (_, more, code) => {
    await expect(launch(more)).rejects.toMatchObject({ name: code });
    expect(region.world.record.launches).toEqual([]);
  });

  it('refuses a type that the zone does not offer, naming the zones that do', async () => {
    // Prepare
    const { Subnets } = await region
      .ec2Client()
      .send(new DescribeSubnetsCommand({ Filters: [{ Name: 'availability-zone', Values: ['eu-west-1c'] }] }));

    // Act
    const refused = launch({ InstanceType: 'm6i.xlarge', SubnetId: Subnets?.[0]?.SubnetId });

    // Assess
    await expect(refused).rejects.toMatchObject({
      name: 'Unsupported',
      message: expect.stringContaining('choosing eu-west-1a, eu-west-1b'),
    });
  });

  it('takes a network interface with groups and a public address in place of a subnet', async () => {
    // Prepare
    const { SubnetId, ...rest } = await request();

    // Act
    const face = { DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: false };
    const { Instances } = await region
      .ec2Client()
      .send(new RunInstancesCommand({ ...rest, NetworkInterfaces: [face] }));
    const client = region.ec2Client();
    const ids = { InstanceIds: [Instances?.[0]?.InstanceId ?? ''] };
    await waitUntilInstanceRunning({ client, ...WAIT }, ids);
    const seen = await client.send(new DescribeInstancesCommand(ids));

    // Assess
    expect(seen.Reservations?.[0]?.Instances?.[0]).toMatchObject({ SubnetId, State: { Name: 'running' } });
    expect(seen.Reservations?.[0]?.Instances?.[0]?.PublicIpAddress).toBeUndefined();
  });

  it('terminates instead of running when a fault plan fails the launch', async () => {
    // Prepare
    await region.post('/_region/faults', { point: 'launch', effect: 'fail', data: { code: 'Server.InternalError' } });
    const { InstanceId: id = '' } = await launch();

    // Act
    await expect.poll(() => region.world.instances.get(id)?.state).toBe('terminated');
    const seen = await region.ec2Client().send(new DescribeInstancesCommand({ InstanceIds: [id] }));

    // Assess
    expect(seen.Reservations?.[0]?.Instances?.[0]?.StateReason?.Code).toBe('Server.InternalError');
    expect(region.machineLog).toEqual([]);
  });
});
