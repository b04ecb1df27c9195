/**
 * The launch config against moto 5.2.5, unmodified. What moto gets wrong here, and so is not asked of it:
 * - any region name is taken for one; a name it has no data for answers HTTP 500 with an HTML page
 * - the default VPC is there in every region, and every type in every zone, so DefaultVpc and TypeNotOffered are left to
 *   unit tests
 */

import { CreateSubnetCommand, CreateVpcCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Activities, PreflightResult } from '#src/activities/api.js';
import type { AwsClients } from '#src/aws/clients.js';
import {
  activitiesFor,
  clientsFor,
  documentWith,
  failureOf,
  makeBucket,
  REGION,
  run,
  scopeFor,
} from './support/fixture.js';
import { type Moto, startMoto } from './support/moto.js';

let moto: Moto;
let clients: AwsClients;
let activities: Activities;

beforeAll(async () => {
  moto = await startMoto();
  clients = clientsFor(moto.endpoint);
  activities = activitiesFor(clients);
  await makeBucket(clients);
});

afterAll(async () => {
  clients.destroy();
  await moto.stop();
});

const resolve = (spec: Record<string, unknown>): Promise<PreflightResult> =>
  run(activities.resolveLaunchConfig, { ...scopeFor('shop'), document: documentWith(spec) });

describe('the preflight', () => {
  test('is the default VPC with a subnet in each zone, and an image for each architecture in use', async () => {
    const pools = [{ name: 'arm', count: 1, instanceType: 't4g.medium' }];

    const { launchConfig, userData } = await resolve({ pools });

    expect(launchConfig.vpcCidr).toBe('172.31.0.0/16');
    expect(launchConfig.subnets.map((subnet) => subnet.zone)).toEqual(['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
    expect(launchConfig.instanceTypes['t3.medium']?.architecture).toBe('amd64');
    expect(launchConfig.instanceTypes['t4g.medium']?.architecture).toBe('arm64');
    expect(launchConfig.images.amd64?.id).toMatch(/^ami-/);
    expect(launchConfig.images.arm64?.id).toMatch(/^ami-/);
    expect(launchConfig.images.amd64?.id).not.toBe(launchConfig.images.arm64?.id);
    expect(Object.keys(userData).sort()).toEqual(['amd64', 'arm64']);
    expect(userData.amd64?.text).toContain('v1.34.2');
  });

  test('is the same when it is resolved again', async () => {
    const once = await resolve({});

    const again = await resolve({});

    expect(again).toEqual(once);
  });

  test('takes the subnets that the document names', async () => {
    const { launchConfig } = await resolve({});
    const chosen = launchConfig.subnets[1]!;

    const { launchConfig: named } = await resolve({ network: { subnetIds: [chosen.id] } });

    expect(named.subnets).toEqual([chosen]);
  });
});

describe('a document that the account cannot do is refused', () => {
  test.each([
    ['a type that does not exist', { servers: { instanceType: 't3.nonsense' } }, 'TypeUnknown', 't3.nonsense'],
    ['a Mac', { servers: { instanceType: 'mac1.metal' } }, 'ArchitectureMismatch', 'mac1.metal'],
    ['an unknown subnet', { network: { subnetIds: ['subnet-0123456789abcdef0'] } }, 'SubnetUnknown', 'subnet-0123'],
    ['an unknown VPC', { network: { vpcId: 'vpc-0123456789abcdef0' } }, 'VpcUnknown', 'vpc-0123'],
    [
      'an unknown group',
      { network: { securityGroupIds: ['sg-0123456789abcdef0'] } },
      'SecurityGroupUnknown',
      'sg-0123',
    ],
    ['an unknown image', { image: { id: 'ami-0123456789abcdef0' } }, 'ImageNotFound', 'ami-0123'],
    ['an unknown parameter', { image: { ssmParameter: '/no/such' } }, 'ParameterNotFound', '/no/such'],
  ])('%s', async (_, spec, code, named) => {
    const detail = await failureOf(resolve(spec));

    expect(detail).toMatchObject({ code, class: 'invalid' });
    expect(detail.message).toContain(named);
    expect(detail.hint).not.toBe('');
  });

  test('an arm64 type with an amd64 image', async () => {
    const { launchConfig } = await resolve({});
    const image = { id: launchConfig.images.amd64!.id };

    const detail = await failureOf(resolve({ servers: { instanceType: 't4g.medium' }, image }));

    expect(detail.code).toBe('ArchitectureMismatch');
    expect(detail.message).toContain('t4g.medium needs arm64');
  });

  test('a subnet of another VPC', async () => {
    const ec2 = clients.ec2(REGION);
    const { Vpc: vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
    const { Subnet: subnet } = await ec2.send(
      new CreateSubnetCommand({ VpcId: vpc!.VpcId!, CidrBlock: '10.9.1.0/24' }),
    );

    const detail = await failureOf(resolve({ network: { subnetIds: [subnet!.SubnetId!] } }));

    expect(detail.code).toBe('SubnetNotInVpc');
    expect(detail.message).toContain(vpc!.VpcId);
  });

  test('a bucket that is missing', async () => {
    const elsewhere = activitiesFor(clients, 'no-such-bucket');

    const detail = await failureOf(
      run(elsewhere.resolveLaunchConfig, { ...scopeFor('shop'), document: documentWith({}) }),
    );

    expect(detail).toMatchObject({ code: 'BucketMissing', class: 'invalid' });
  });

  test('a region that does not exist, with the name that was meant', async () => {
    const document = documentWith({ region: 'eu-wset-1' });

    const detail = await failureOf(
      run(activities.resolveLaunchConfig, { ...scopeFor('shop'), region: 'eu-wset-1', document }),
    );

    expect(detail).toMatchObject({ code: 'RegionUnknown', class: 'invalid' });
    expect(detail.message).toContain('eu-west-1');
  });
});
