import { CreateTagsCommand, DescribeInstancesCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, test } from 'vitest';
import { awsError, failureOf, makeActivities, scope, start, tokenOf } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();
afterEach(() => void ec2.reset());

const instance = (index: number, slot = 'workers-0+3', over: Partial<Instance> = {}): Instance => ({
  InstanceId: `i-${index}`,
  AmiLaunchIndex: index,
  ClientToken: tokenOf('workers-0+3', 1),
  State: { Name: 'running' },
  Tags: [{ Key: 'keelson:slot', Value: slot }],
  BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { VolumeId: `vol-${index}` } }],
  ...over,
});
const listing = (...Instances: Instance[]) => ({ Reservations: [{ Instances }] });
const input = {
  ...scope,
  tags: { team: 'shop' },
  instances: [0, 1, 2].map((index) => ({ instanceId: `i-${index}`, slot: `workers-${index * 3}`, generation: 1 })),
};
const tagged = () =>
  ec2.commandCalls(CreateTagsCommand).map(({ args }) => {
    const { Resources, Tags } = args[0].input;
    const value = (key: string) => Tags?.find(({ Key }) => Key === key)?.Value;
    return `${Resources?.join(' ')}: ${value('keelson:slot')} ${value('Name')} ${value('team')}`;
  });

describe('the tags of instances that were launched together', () => {
  test('are those of their slots, on their volumes too; what has them is passed over', async () => {
    ec2.on(DescribeInstancesCommand).resolves(listing(instance(0), instance(1, 'workers-3'), instance(2)));

    await start(activities.tagInstances, input).result;

    expect(tagged()).toEqual([
      'i-0 vol-0: workers-0 shop-workers-0-g1 shop',
      'i-2 vol-2: workers-6 shop-workers-6-g1 shop',
    ]);
  });

  test('are not set on what has ended', async () => {
    const going = instance(1, 'workers-0+3', { State: { Name: 'shutting-down' } });
    ec2.on(DescribeInstancesCommand).resolves(listing(instance(0, 'workers-0'), going, instance(2, 'workers-6')));

    await start(activities.tagInstances, input).result;

    expect(tagged()).toEqual([]);
  });

  test('wait for the volumes, but not for ever, and not for what EC2 does not list', async () => {
    const bare = instance(0, 'workers-0+3', { BlockDeviceMappings: [] });
    ec2.on(DescribeInstancesCommand).resolves(listing(bare, instance(1)));

    await start(activities.tagInstances, input, { scheduledTimestampMs: Date.now() - 60_000 }).result;

    expect(tagged()).toEqual(['i-0: workers-0 shop-workers-0-g1 shop', 'i-1 vol-1: workers-3 shop-workers-3-g1 shop']);
  });

  test('are a failure where EC2 refuses them', async () => {
    ec2.on(DescribeInstancesCommand).resolves(listing(instance(0), instance(1), instance(2)));
    ec2.on(CreateTagsCommand).rejects(awsError('UnauthorizedOperation', 'no', 403));

    expect(await failureOf(start(activities.tagInstances, input).result)).toMatchObject({ class: 'auth' });
  });
});
