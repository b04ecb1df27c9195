import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DeleteVolumeCommand,
  DescribeAvailabilityZonesCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeRegionsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageForParameter } from '../../../../packages/aws-simulator/src/ec2/images.js';
import { startTestRegion, type TestRegion } from '../local-region.js';
import { launchOne } from './launch-one.js';

describe('what EC2 tells', () => {
  let region: TestRegion;
  const ids: string[] = [];

  beforeAll(async () => {
    region = await startTestRegion();
    for (let slot = 0; slot < 12; slot++) {
      ids.push(await launchOne(region, { 'keelson:uid': 'u-1', 'keelson:slot': `server-${slot}` }));
    }
    await launchOne(region, { 'keelson:uid': 'u-1' }, {}, 'us-east-1');
  });
  afterAll(() => region.close());

  async function found(Filters: { Name: string; Values: string[] }[]): Promise<string[]> {
    const { Reservations } = await region.ec2Client().send(new DescribeInstancesCommand({ Filters }));
    return (Reservations ?? []).flatMap(({ Instances }) => (Instances ?? []).map(({ InstanceId }) => InstanceId ?? ''));
  }

  it('lists the instances of one region page by page, each once', async () => {
    // Act
    const seen: string[] = [];
    const sizes: number[] = [];
    const pages = paginateDescribeInstances({ client: region.ec2Client(), pageSize: 5 }, {});
    for await (const { Reservations = [] } of pages) {
      sizes.push(Reservations.length);
      for (const { Instances } of Reservations) seen.push(Instances?.[0]?.InstanceId ?? '');
    }

    // Assess
    expect(sizes).toEqual([5, 5, 2]);
    expect([...seen].sort()).toEqual([...ids].sort());
  });

  it('refuses MaxResults beside ids, and page sizes out of range', async () => {
    const ec2 = region.ec2Client();
    const beside = new DescribeInstancesCommand({ InstanceIds: ids, MaxResults: 10 });
    const small = new DescribeInstancesCommand({ MaxResults: 2 });
    await expect(ec2.send(beside)).rejects.toMatchObject({ name: 'InvalidParameterCombination' });
    await expect(ec2.send(small)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('adds filters up and takes their values as alternatives, with wildcards', async () => {
    // Act
    const some = await found([
      { Name: 'tag:keelson:uid', Values: ['u-1'] },
      { Name: 'tag:keelson:slot', Values: ['server-3', 'server-1?'] },
      { Name: 'instance-state-name', Values: ['running', 'pending'] },
    ]);

    // Assess
    expect(some.sort()).toEqual([ids[3], ids[10], ids[11]].sort());
    expect(await found([{ Name: 'tag-key', Values: ['keelson:none'] }])).toEqual([]);
    expect(await found([{ Name: 'instance-id', Values: [ids[0] ?? '', 'i-00000000'] }])).toEqual([ids[0]]);
    await expect(found([{ Name: 'nonsense', Values: ['x'] }])).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('distinguishes malformed ids from unknown ones', async () => {
    const ec2 = region.ec2Client();
    const malformed = new DescribeInstancesCommand({ InstanceIds: ['nonsense'] });
    const unknown = new DescribeInstancesCommand({ InstanceIds: ['i-00000000', ids[0] ?? ''] });
    await expect(ec2.send(malformed)).rejects.toMatchObject({ name: 'InvalidInstanceID.Malformed' });
    await expect(ec2.send(unknown)).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-00000000' does not exist",
    });
  });

  it('hides an instance for a while when a fault plan says so', async () => {
    // Prepare
    const [id = ''] = ids;
    await region.post('/_region/faults', { point: 'visible', instance: id, effect: 'not-found', times: 2 });
    const ask = () => region.ec2Client().send(new DescribeInstancesCommand({ InstanceIds: [id] }));

    // Act and assess
    await expect(ask()).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
    expect(await found([{ Name: 'instance-id', Values: [id] }])).toEqual([]);
    await expect(ask()).resolves.toBeDefined();
    await fetch(`${region.url}/_region/faults`, { method: 'DELETE' });
  });

  it('keeps the regions apart', async () => {
    const elsewhere = region.ec2Client('us-east-1').send(new DescribeInstancesCommand({ InstanceIds: [ids[0] ?? ''] }));
    await expect(elsewhere).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  });

  it('tags things that exist, and untags them', async () => {
    // Prepare
    const ec2 = region.ec2Client();
    const Resources = [ids[1] ?? ''];
    const { Volumes } = await ec2.send(
      new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: Resources }] }),
    );
    Resources.push(Volumes?.[0]?.VolumeId ?? '');

    // Act
    await ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: 'colour', Value: 'a <b> & "c"' }] }));
    const tagged = await ec2.send(new DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['colour'] }] }));
    await ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key: 'colour' }] }));
    const after = await ec2.send(new DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['colour'] }] }));

    // Assess
    expect(tagged.Tags).toHaveLength(2);
    expect(tagged.Tags?.map(({ Value }) => Value)).toEqual(['a <b> & "c"', 'a <b> & "c"']);
    expect(tagged.Tags?.map(({ ResourceType }) => ResourceType).sort()).toEqual(['instance', 'volume']);
    expect(after.Tags).toEqual([]);
  });

  it('does not delete a volume in use', async () => {
    const ec2 = region.ec2Client();
    const { Volumes } = await ec2.send(new DescribeVolumesCommand({}));
    const refused = ec2.send(new DeleteVolumeCommand({ VolumeId: Volumes?.[0]?.VolumeId }));
    await expect(refused).rejects.toMatchObject({ name: 'VolumeInUse' });
  });

  it('has a default network with a subnet a zone, and another beside it', async () => {
    // Act
    const ec2 = region.ec2Client();
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
    const ours = Vpcs.find(({ IsDefault }) => IsDefault);
    const { Subnets = [] } = await ec2.send(
      new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [ours?.VpcId ?? ''] }] }),
    );

    // Assess
    expect(Vpcs).toHaveLength(2);
    expect(ours?.CidrBlock).toBe('10.10.0.0/16');
    expect(Subnets.map(({ AvailabilityZone }) => AvailabilityZone)).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
    expect(Subnets.every(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch)).toBe(true);
    expect(Subnets[0]?.AvailableIpAddressCount).toBe(4_091 - ids.length);
    const unknown = new DescribeSubnetsCommand({ SubnetIds: ['subnet-00000000'] });
    await expect(ec2.send(unknown)).rejects.toMatchObject({ name: 'InvalidSubnetID.NotFound' });
  });

  it('knows types, where they are offered, and images by their public parameter', async () => {
    // Act
    const ec2 = region.ec2Client();
    const { InstanceTypes } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['t4g.small'] }));
    const { InstanceTypeOfferings } = await ec2.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [{ Name: 'instance-type', Values: ['m6i.xlarge'] }],
      }),
    );
    const unknown = expect(
      ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['z9.huge' as never] })),
    ).rejects.toMatchObject({ name: 'InvalidInstanceType' });
    const parameter = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64';
    const image = imageForParameter(parameter, 'eu-west-1') ?? '';
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [image] }));

    // Assess
    expect(InstanceTypes?.[0]).toMatchObject({
      InstanceType: 't4g.small',
      ProcessorInfo: { SupportedArchitectures: ['arm64'] },
      VCpuInfo: { DefaultVCpus: 2 },
      MemoryInfo: { SizeInMiB: 2_048 },
    });
    expect(InstanceTypeOfferings?.map(({ Location }) => Location)).toEqual(['eu-west-1a', 'eu-west-1b']);
    await unknown;
    expect(Images).toMatchObject([{ Architecture: 'arm64', RootDeviceName: '/dev/xvda', State: 'available' }]);
    expect(imageForParameter(parameter, 'us-east-1')).not.toBe(image);
    expect(imageForParameter('/aws/service/nonsense', 'eu-west-1')).toBeNull();
  });

  it('names its regions and zones', async () => {
    const ec2 = region.ec2Client();
    const { Regions } = await ec2.send(new DescribeRegionsCommand({}));
    const { AvailabilityZones } = await ec2.send(new DescribeAvailabilityZonesCommand({}));
    expect(Regions?.map(({ RegionName }) => RegionName)).toEqual(['eu-west-1', 'us-east-1']);
    expect(AvailabilityZones?.map(({ ZoneName }) => ZoneName)).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
  });

  it('answers like a region that is not enabled when there is none of the name', async () => {
    const nowhere = region.ec2Client('eu-west-9').send(new DescribeVpcsCommand({}));
    await expect(nowhere).rejects.toMatchObject({ name: 'AuthFailure', $metadata: { httpStatusCode: 401 } });
  });

  it('refuses keys it does not know and signatures that do not fit', async () => {
    const stranger = region.ec2Client('eu-west-1', { accessKeyId: 'stranger', secretAccessKey: 'x' });
    const forger = region.ec2Client('eu-west-1', { accessKeyId: 'local', secretAccessKey: 'guessed' });
    await expect(stranger.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({ name: 'AuthFailure' });
    await expect(forger.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({
      name: 'AuthFailure',
      message: expect.stringContaining('signature'),
    });
  });
});
