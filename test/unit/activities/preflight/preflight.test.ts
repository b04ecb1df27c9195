import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  DescribeImagesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { awsError, documentWith, failureOf, makeActivities, scope, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const ssm = mockClient(SSMClient);
const s3 = mockClient(S3Client);

const SUM = 'a'.repeat(64);
/** What the mirror answers by path; everything else is a 404. */
let released: Record<string, string>;
let mirror: string;
let asked: string[];
let closeMirror: () => Promise<void>;

beforeEach(async () => {
  ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [{ VpcId: 'vpc-1', CidrBlock: '10.0.0.0/16', IsDefault: true }] });
  ec2.on(DescribeSubnetsCommand).resolves({
    Subnets: [
      {
        SubnetId: 'subnet-b',
        VpcId: 'vpc-1',
        AvailabilityZone: 'eu-west-1b',
        CidrBlock: '10.0.1.0/24',
        DefaultForAz: true,
      },
      {
        SubnetId: 'subnet-a',
        VpcId: 'vpc-1',
        AvailabilityZone: 'eu-west-1a',
        CidrBlock: '10.0.0.0/24',
        DefaultForAz: true,
      },
      { SubnetId: 'subnet-x', VpcId: 'vpc-1', AvailabilityZone: 'eu-west-1a', CidrBlock: '10.0.9.0/24' },
    ],
  });
  ec2.on(DescribeInstanceTypesCommand).resolves({
    InstanceTypes: [{ InstanceType: 't3.medium', ProcessorInfo: { SupportedArchitectures: ['x86_64'] } }],
  });
  ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({
    InstanceTypeOfferings: [{ InstanceType: 't3.medium', Location: 'eu-west-1a' }],
  });
  ec2.on(DescribeImagesCommand).resolves({
    Images: [{ ImageId: 'ami-1', Architecture: 'x86_64', RootDeviceName: '/dev/xvda', State: 'available' }],
  });
  ec2.on(RunInstancesCommand).rejects(awsError('DryRunOperation', 'Request would have succeeded', 412));
  ssm.on(GetParameterCommand).resolves({ Parameter: { Value: 'ami-1' } });
  s3.on(HeadBucketCommand).resolves({ BucketRegion: 'eu-west-1' });

  released = {
    '/v1.34.2%2Bk3s1/sha256sum-amd64.txt': `${'b'.repeat(64)}  k3s-airgap-images-amd64.tar\n${SUM}  k3s\n`,
    '/v1.34.2%2Bk3s1/k3s': '',
  };
  asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const body = released[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closeMirror = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
});

afterEach(async () => {
  for (const mock of [ec2, ssm, s3]) mock.reset();
  await closeMirror();
});

const resolve = (spec: Record<string, unknown> = {}, options: Parameters<typeof makeActivities>[0] = {}) => {
  const k3s = { version: 'v1.34.2+k3s1', mirror, ...(spec['k3s'] as object | undefined) };
  return start(makeActivities(options).resolveLaunchConfig, { ...scope, document: documentWith({ ...spec, k3s }) })
    .result;
};

describe('a document that does not fit the account', () => {
  const vpc = (CidrBlock: string, ...secondary: string[]) => ({
    Vpcs: [
      {
        VpcId: 'vpc-1',
        CidrBlock,
        IsDefault: true,
        CidrBlockAssociationSet: [CidrBlock, ...secondary].map((cidr) => ({
          CidrBlock: cidr,
          CidrBlockState: { State: 'associated' as const },
        })),
      },
    ],
  });
  const type = (InstanceType: 't3.medium', SizeInMiB: number) => ({
    InstanceTypes: [
      { InstanceType, ProcessorInfo: { SupportedArchitectures: ['x86_64' as const] }, MemoryInfo: { SizeInMiB } },
    ],
  });

  test.each([
    [
      'a VPC with the network that K3s gives pods',
      '10.42.0.0/16',
      [],
      {},
      /cluster-cidr: 10\.42\.0\.0\/16, the default of K3s, overlaps 10\.42\.0\.0\/16 of vpc-1/,
    ],
    [
      'a VPC around the network of services',
      '10.40.0.0/14',
      [],
      { 'cluster-cidr': '10.50.0.0/16' },
      /service-cidr: 10\.43\.0\.0\/16, the default/,
    ],
    [
      'a secondary network of the VPC',
      '10.0.0.0/16',
      ['100.64.0.0/16'],
      { 'cluster-cidr': '100.64.0.0/10' },
      /100\.64\.0\.0\/10 overlaps 100\.64\.0\.0\/16/,
    ],
  ])('is refused before anything is made: %s', async (_, cidr, secondary, config, message) => {
    ec2.on(DescribeVpcsCommand).resolves(vpc(cidr, ...secondary));

    const detail = await failureOf(resolve({ k3s: { config } }));

    expect(detail).toMatchObject({ code: 'NetworkOverlap', class: 'invalid', hint: expect.stringContaining(cidr) });
    expect(detail.message).toMatch(message);
    expect(ec2.commandCalls(RunInstancesCommand)).toEqual([]);
  });

  test('is repaired anyway once its networks are in use', async () => {
    ec2.on(DescribeVpcsCommand).resolves(vpc('10.42.0.0/16'));
    const document = documentWith({ k3s: { version: 'v1.34.2+k3s1', mirror } });

    const { launchConfig } = await start(makeActivities().resolveLaunchConfig, {
      ...scope,
      document,
      networksInUse: true,
    }).result;

    expect(launchConfig.vpcId).toBe('vpc-1');
  });

  test('is refused where its subnets have fewer addresses than it has nodes, and not for those that have theirs', async () => {
    const subnet = { VpcId: 'vpc-1', AvailabilityZone: 'eu-west-1a', DefaultForAz: true };
    ec2.on(DescribeSubnetsCommand).resolves({
      Subnets: [{ ...subnet, SubnetId: 'subnet-s', CidrBlock: '10.0.0.0/28', AvailableIpAddressCount: 2 }],
    });

    const detail = await failureOf(resolve({ mode: 'ha' }));
    const document = documentWith({ mode: 'ha', k3s: { version: 'v1.34.2+k3s1', mirror } });
    const launching = ['server-1', 'server-2'];
    const { launchConfig } = await start(makeActivities().resolveLaunchConfig, { ...scope, document, launching })
      .result;

    expect(detail).toMatchObject({ code: 'SubnetsTooSmall', class: 'invalid' });
    expect(detail.message).toContain('addresses for 3 more nodes, and its subnets have 2 free');
    expect(launchConfig.subnets).toEqual([{ id: 'subnet-s', zone: 'eu-west-1a', cidr: '10.0.0.0/28' }]);
  });

  test('is refused for servers without memory enough, and told what they have', async () => {
    ec2.on(DescribeInstanceTypesCommand).resolves(type('t3.medium', 512));

    const detail = await failureOf(resolve());

    expect(detail).toMatchObject({ code: 'TypeTooSmall', class: 'invalid' });
    expect(detail.message).toContain('spec.servers.instanceType: t3.medium has 512 MiB of memory');
  });

  test('is refused for a root volume smaller than that of the image', async () => {
    ec2.on(DescribeImagesCommand).resolves({
      Images: [
        {
          ImageId: 'ami-1',
          Architecture: 'x86_64',
          RootDeviceName: '/dev/xvda',
          State: 'available',
          BlockDeviceMappings: [
            { DeviceName: '/dev/xvdb', Ebs: { VolumeSize: 500 } },
            { DeviceName: '/dev/xvda', Ebs: { VolumeSize: 40 } },
          ],
        },
      ],
    });

    const detail = await failureOf(resolve());

    expect(detail).toMatchObject({ code: 'VolumeTooSmall', class: 'invalid', hint: 'at least 40' });
    expect(detail.message).toContain(
      'spec.servers.rootVolume.sizeGiB: is 30, and the image has a root volume of 40 GiB',
    );
  });
});

describe('a second cluster in a region', () => {
  /** What has left the worker. */
  const calls = (): string[] => {
    const all = [...ec2.calls(), ...ssm.calls(), ...s3.calls()];
    return all.map(({ args: [command] }) => command.constructor.name);
  };
  const begin = (activities: ReturnType<typeof makeActivities>, more: { again?: true } = {}) =>
    start(activities.resolveLaunchConfig, {
      ...scope,
      document: documentWith({ k3s: { version: 'v1.34.2+k3s1', mirror } }),
      ...more,
    }).result;

  test('waits for no look-up that the first one has made', async () => {
    // Prepare
    const activities = makeActivities();
    const first = await begin(activities);
    const before = [calls().length, asked.length];

    // Act
    const second = await begin(activities);

    // Assess
    expect(second).toEqual(first);
    expect([calls().length, asked.length]).toEqual(before);
  });

  test('whose earlier launch config has failed asks for what is so now', async () => {
    const activities = makeActivities();
    await begin(activities);
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value: 'ami-2' } });

    const { launchConfig } = await begin(activities, { again: true });

    expect(launchConfig.images).toMatchObject({ amd64: { id: 'ami-2' } });
  });

  test('is refused for nothing that was so for the first one', async () => {
    // Prepare
    const activities = makeActivities();
    ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({ InstanceTypeOfferings: [] });
    const refused = await failureOf(begin(activities));
    ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({
      InstanceTypeOfferings: [{ InstanceType: 't3.medium', Location: 'eu-west-1b' }],
    });

    // Act
    const { launchConfig } = await begin(activities);

    // Assess
    expect(refused).toMatchObject({ code: 'TypeNotOffered' });
    expect(launchConfig.instanceTypes).toMatchObject({ 't3.medium': { zones: ['eu-west-1b'] } });
  });
});

describe('the launch config', () => {
  test('is the default subnets by zone, the zones of each type, the image, and user data by architecture', async () => {
    const { launchConfig, userData } = await resolve();

    expect(launchConfig).toEqual({
      vpcId: 'vpc-1',
      vpcCidr: '10.0.0.0/16',
      subnets: [
        { id: 'subnet-a', zone: 'eu-west-1a', cidr: '10.0.0.0/24' },
        { id: 'subnet-b', zone: 'eu-west-1b', cidr: '10.0.1.0/24' },
      ],
      securityGroupIds: [],
      instanceTypes: { 't3.medium': { architecture: 'amd64', zones: ['eu-west-1a'] } },
      images: { amd64: { id: 'ami-1', rootDeviceName: '/dev/xvda' } },
    });
    expect(userData.amd64?.id).toMatch(/^[0-9a-f]{16}$/);
    expect(userData.amd64?.text).toMatch(/^#!/);
    expect(asked).toEqual(['/v1.34.2%2Bk3s1/sha256sum-amd64.txt', '/v1.34.2%2Bk3s1/k3s']);
  });

  test('reads only: it makes and changes nothing', async () => {
    await resolve();

    const names = ec2.calls().map((call) => call.args[0].constructor.name);
    expect(names.filter((name) => !name.startsWith('Describe'))).toEqual(['RunInstancesCommand']);
    expect(ec2.commandCalls(RunInstancesCommand)[0]?.args[0].input.DryRun).toBe(true);
  });

  test('makes one dry run for all clusters of ten minutes, and leaves other answers to the launch', async () => {
    ec2.on(RunInstancesCommand).rejects(awsError('InternalError', 'oh', 500));
    const log: string[] = [];
    const { resolveLaunchConfig } = makeActivities({ log });
    const document = documentWith({ k3s: { version: 'v1.34.2+k3s1', mirror } });
    await start(resolveLaunchConfig, { ...scope, document }).result;
    ec2.on(RunInstancesCommand).rejects(awsError('DryRunOperation', 'fine', 412));

    await start(resolveLaunchConfig, { ...scope, document }).result;
    await start(resolveLaunchConfig, { ...scope, document }).result;

    expect(ec2.commandCalls(RunInstancesCommand)).toHaveLength(2);
    expect(log.join('\n')).toContain('the launch decides');
  });

  test('uses all subnets of a VPC without default ones', async () => {
    ec2.on(DescribeSubnetsCommand).resolves({
      Subnets: [{ SubnetId: 'subnet-x', VpcId: 'vpc-1', AvailabilityZone: 'eu-west-1a', CidrBlock: '10.0.9.0/24' }],
    });

    const { launchConfig } = await resolve({ network: { vpcId: 'vpc-0123456789abcdef0' } });

    expect(launchConfig.subnets.map((subnet) => subnet.id)).toEqual(['subnet-x']);
  });

  test('does not depend on a mirror that only the nodes reach', async () => {
    const log: string[] = [];

    const { launchConfig, mirrorProblem } = await resolve({ k3s: { mirror: 'http://127.0.0.1:9' } }, { log });

    expect(launchConfig.vpcId).toBe('vpc-1');
    expect(mirrorProblem).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9\/.*\/sha256sum-amd64\.txt$/),
      reason: expect.stringContaining('ECONNREFUSED'),
    });
    expect(log.join('\n')).toContain('mirror not reachable from the worker');
  });

  test('accepts a pin that the mirror agrees with', async () => {
    await expect(resolve({ k3s: { sha256: { amd64: SUM } } })).resolves.toMatchObject({ mirrorProblem: null });
  });
});

describe('refused before anything is made', () => {
  test('a version whose binary the mirror does not have, though its checksums are there', async () => {
    const { '/v1.34.2%2Bk3s1/k3s': _, ...sums } = released;
    released = sums;

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code: 'VersionNotFound', class: 'invalid', nonRetryable: true });
    expect(failure.message).toContain(`${mirror}/v1.34.2%2Bk3s1/k3s: 404`);
  });

  test('a mirror that answers with a page where checksums should be', async () => {
    released = { '/v1.34.2%2Bk3s1/sha256sum-amd64.txt': '<html>Please log in</html>' };

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code: 'VersionNotFound', class: 'invalid' });
    expect(failure.message).toContain('its answer names no checksum of k3s');
    expect(failure.message).not.toContain('log in');
  });

  test('a version that the mirror does not have', async () => {
    const failure = await failureOf(resolve({ k3s: { version: 'v1.99.0+k3s1' } }));

    expect(failure).toMatchObject({ code: 'VersionNotFound', class: 'invalid', nonRetryable: true });
    expect(failure.message).toContain('v1.99.0+k3s1');
    expect(failure.message).toContain(mirror);
  });

  test('a pin that the mirror disagrees with', async () => {
    const pinned = 'c'.repeat(64);

    const failure = await failureOf(resolve({ k3s: { sha256: { amd64: pinned } } }));

    expect(failure).toMatchObject({ code: 'ChecksumMismatch', class: 'invalid', nonRetryable: true });
    expect(failure.message).toContain(pinned);
    expect(failure.message).toContain(SUM);
  });

  test('a type that none of the zones offers', async () => {
    ec2.on(DescribeInstanceTypeOfferingsCommand).resolves({
      InstanceTypeOfferings: [{ InstanceType: 't3.medium', Location: 'eu-west-1c' }],
    });

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code: 'TypeNotOffered', class: 'invalid' });
    expect(failure.message).toContain(
      't3.medium is offered in eu-west-1c, but the subnets are in eu-west-1a, eu-west-1b',
    );
  });

  test('a type that EC2 does not know', async () => {
    ec2
      .on(DescribeInstanceTypesCommand)
      .rejects(awsError('InvalidInstanceType', 'The following supplied instance types do not exist: [t3.nonsense]'));

    const failure = await failureOf(resolve({ servers: { instanceType: 't3.nonsense' } }));

    expect(failure).toMatchObject({ code: 'TypeUnknown', class: 'invalid' });
    expect(failure.message).toContain('t3.nonsense');
  });

  test('a region without a default VPC', async () => {
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [] });

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code: 'NoDefaultVpc', class: 'invalid' });
  });

  test('security groups of another VPC', async () => {
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [{ GroupId: 'sg-9', VpcId: 'vpc-9' }] });

    const failure = await failureOf(resolve({ network: { securityGroupIds: ['sg-0123456789abcdef0'] } }));

    expect(failure).toMatchObject({ code: 'SecurityGroupNotInVpc', class: 'invalid' });
    expect(failure.message).toContain('sg-9 is in vpc-9, not in vpc-1');
  });

  test('an image that is not available', async () => {
    ec2.on(DescribeImagesCommand).resolves({ Images: [{ ImageId: 'ami-1', State: 'deregistered' }] });

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code: 'ImageNotFound', class: 'invalid' });
  });

  test('a document without instance profile where the worker has no default', async () => {
    const failure = await failureOf(resolve({}, { instanceProfile: null }));

    expect(failure).toMatchObject({ code: 'InstanceProfileMissing', class: 'invalid', nonRetryable: true });
  });

  test('a worker without permission, naming the call', async () => {
    ec2.on(DescribeVpcsCommand).rejects(awsError('UnauthorizedOperation', 'You are not authorized', 403));

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code: 'UnauthorizedOperation', class: 'auth', nonRetryable: true });
    expect(failure.message).toContain('DescribeVpcs');
  });

  test('a worker that may look but not launch', async () => {
    ec2.on(RunInstancesCommand).rejects(awsError('UnauthorizedOperation', 'You are not authorized', 403));

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code: 'UnauthorizedOperation', class: 'auth', nonRetryable: true });
    expect(failure.message).toContain('RunInstances');
  });

  test('an instance profile that does not exist', async () => {
    ec2.on(RunInstancesCommand).rejects(awsError('InvalidParameterValue', 'Invalid IAM Instance Profile name'));

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code: 'InstanceProfileUnknown', class: 'transient', nonRetryable: false });
    expect(failure.message).toContain('keelson-node');
  });

  test.each([
    [404, 'BucketMissing', 'invalid'],
    [403, 'AccessDenied', 'auth'],
  ])('a bucket that answers %i', async (status, code, errorClass) => {
    s3.on(HeadBucketCommand).rejects(awsError('NotFound', 'UnknownError', status));

    const failure = await failureOf(resolve());

    expect(failure).toMatchObject({ code, class: errorClass, nonRetryable: true });
    expect(failure.message).toContain('ops');
  });

  test('with the same error each time, however the answers arrive', async () => {
    ec2.on(DescribeVpcsCommand).resolves({ Vpcs: [] });
    s3.on(HeadBucketCommand).rejects(awsError('NotFound', 'UnknownError', 404));

    const failures = await Promise.all([1, 2, 3].map(() => failureOf(resolve())));

    expect(failures.map((failure) => failure.code)).toEqual(['NoDefaultVpc', 'NoDefaultVpc', 'NoDefaultVpc']);
  });
});
