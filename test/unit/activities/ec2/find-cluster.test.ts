import {
  DescribeInstancesCommand,
  DescribeRegionsCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { HeadBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientTokenOf } from '#src/aws/client-token.js';
import { awsError, failureOf, installation, makeActivities, scope, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const s3 = mockClient(S3Client);
const activities = makeActivities();

beforeEach(() => {
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
  ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [] });
  s3.on(HeadBucketCommand).resolves({});
  s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: 'clusters/shop/k3s-server-token' }] });
});
afterEach(() => {
  ec2.reset();
  s3.reset();
});

const tags = (uid: string, slot = 'server-0', generation = 1) =>
  Object.entries({ installation: installation.id, cluster: 'shop', uid, slot, generation }).map(([name, value]) => ({
    Key: `keelson:${name}`,
    Value: String(value),
  }));

type State = 'running' | 'shutting-down' | 'terminated';
const token = (uid: string, slot = 'server-0', generation = 1) =>
  clientTokenOf(installation, { installation: installation.id, cluster: 'shop', uid, slot, generation }, 'a request');
const instance = (id: string, day: number, state: State, ...of: Parameters<typeof tags>) => ({
  InstanceId: id,
  ClientToken: token(...of),
  State: { Name: state },
  LaunchTime: new Date(Date.UTC(2026, 0, day)),
  Tags: tags(...of),
});

const find = (uid = scope.uid) => start(activities.findCluster, { ...scope, uid }).result;

describe('what AWS has under a name', () => {
  test('is nothing, where no instance and no group carries it', async () => {
    expect(await find()).toBeNull();
    expect(s3.commandCalls(ListObjectsV2Command)).toHaveLength(0);
  });

  test('is asked for in one call for all names of the region that are claimed at about the same time', async () => {
    // Prepare
    const fresh = makeActivities();
    const other = tags('other').map((tag) => (tag.Key === 'keelson:cluster' ? { ...tag, Value: 'blog' } : tag));
    const Instances = [
      instance('i-1', 1, 'running', 'new'),
      { ...instance('i-2', 1, 'running', 'other'), Tags: other },
    ];
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances }] });

    // Act
    const [shop, blog, none] = await Promise.all(
      ['shop', 'blog', 'none'].map((cluster) => start(fresh.findCluster, { ...scope, cluster, uid: 'new' }).result),
    );

    // Assess
    expect(shop?.instances.map(({ id }) => id)).toEqual(['i-1']);
    expect(blog).toMatchObject({ instances: [], otherUids: ['other'] });
    expect(none).toBeNull();
    expect(ec2.commandCalls(DescribeSecurityGroupsCommand)).toHaveLength(1);
    const [call, ...more] = ec2.commandCalls(DescribeInstancesCommand);
    expect(call?.args[0].input.Filters).toContainEqual({
      Name: 'tag:keelson:cluster',
      Values: ['shop', 'blog', 'none'],
    });
    expect(more).toEqual([]);
  });

  test.each([
    { region: 'eu-wset-1', code: 'RegionUnknown', message: 'the nearest name is eu-west-1' },
    { region: 'af-south-1', code: 'OptInRequired', message: 'has not enabled the region' },
    { region: 'eu-west-1', code: 'AuthFailure', message: 'DescribeInstances and DescribeSecurityGroups by the tags' },
  ])('is not to be found in $region, and the failure is $code, as the preflight says it', async (wrong) => {
    // Prepare
    ec2.on(DescribeInstancesCommand).rejects(awsError('AuthFailure', 'AWS was not able to validate', 401));
    ec2.on(DescribeRegionsCommand).resolves({
      Regions: [
        { RegionName: 'eu-west-1', OptInStatus: 'opt-in-not-required' },
        { RegionName: 'af-south-1', OptInStatus: 'not-opted-in' },
      ],
    });

    // Act
    const failure = await failureOf(start(makeActivities().findCluster, { ...scope, region: wrong.region }).result);

    // Assess
    expect(failure).toMatchObject({ code: wrong.code, message: expect.stringContaining(wrong.message) });
  });

  test('is the life of the uid; the others are reported by their uid', async () => {
    // Prepare
    const Instances = [instance('i-2', 2, 'running', 'new'), instance('i-1', 1, 'running', 'old')];
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances }] });
    ec2.on(DescribeSecurityGroupsCommand).resolves({
      SecurityGroups: [
        { GroupId: 'sg-old', GroupName: 'keelson-shop-old-servers', Tags: tags('old') },
        { GroupId: 'sg-foreign', GroupName: 'theirs', Tags: tags('new') },
        { GroupId: 'sg-servers', GroupName: 'keelson-shop-new-servers', Tags: tags('new') },
        { GroupId: 'sg-agents', GroupName: 'keelson-shop-new-agents', Tags: tags('new') },
      ],
    });

    // Act
    const found = await find('new');

    // Assess
    expect(found).toMatchObject({
      uid: 'new',
      foreign: [],
      securityGroupIds: { server: 'sg-servers', agent: 'sg-agents' },
      otherUids: ['old'],
    });
    expect(found?.instances.map((view) => view.id)).toEqual(['i-2']);
    expect(found?.bucketKeys).toEqual(['k3s-server-token']);
  });

  test('is a group alone, where its instances are gone or going; their generations are used up', async () => {
    // Prepare
    const Instances = [
      instance('i-1', 1, 'terminated', 'uid-9', 'server-0', 1),
      instance('i-2', 2, 'shutting-down', 'uid-9', 'server-0', 2),
    ];
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances }] });
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [{ GroupId: 'sg-1', Tags: tags('uid-9') }] });

    // Act
    const found = await find('uid-9');

    // Assess
    expect(found).toMatchObject({
      uid: 'uid-9',
      instances: [],
      youngest: { 'server-0': { generation: 2, instanceId: 'i-2' } },
    });
  });

  test('knows the slot of each instance that was launched with others, before and after it has tags of its own', async () => {
    // Prepare: three of one call, of which the second has the tags of its slot
    const together = (index: number, slot = 'workers-1+3') => ({
      ...instance(`i-${index}`, 1, 'running' as const, 'new', slot),
      ClientToken: token('new', 'workers-1+3'),
      AmiLaunchIndex: index,
    });
    const Instances = [together(0), together(1, 'workers-4'), together(2)];
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances }] });

    // Act
    const found = await find('new');

    // Assess
    expect(found?.foreign).toEqual([]);
    expect(found?.instances.map(({ id, slot }) => `${id} ${slot}`)).toEqual([
      'i-0 workers-1',
      'i-1 workers-4',
      'i-2 workers-7',
    ]);
    expect(Object.keys(found?.youngest ?? {})).toEqual(['workers-1', 'workers-4', 'workers-7']);
  });

  test.each(['workers-1', 'workers-5', 'workers-7+3', 'workers-0+3', 'server-1'])(
    'takes no instance of a call for several for another of them: %s',
    async (slot) => {
      // Prepare: it is the second, workers-4
      const moved = instance('i-1', 1, 'running', 'new', slot);
      const own = { ClientToken: token('new', 'workers-1+3'), AmiLaunchIndex: 1 };
      ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: [{ ...moved, ...own }] }] });

      // Act
      const found = await find('new');

      // Assess
      expect(found?.instances).toEqual([]);
      expect(found?.foreign.map(({ id }) => id)).toEqual(['i-1']);
    },
  );

  test.each<[string, { ClientToken?: string }]>([
    ['launched by others, with the tags of a slot', { ClientToken: 'somebody-else' }],
    ['launched without a token', {}],
    ['whose tags name another slot than it was launched for', { ClientToken: token('new', 'workers-0') }],
    ['with the token of another life', { ClientToken: token('old') }],
  ])('leaves out an instance %s, and names it', async (_, proof) => {
    // Prepare
    const { ClientToken: _own, ...tagged } = instance('i-foreign', 2, 'running', 'new');
    const Instances = [instance('i-1', 1, 'running', 'new', 'server-1'), { ...tagged, ...proof }];
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances }] });

    // Act
    const found = await find('new');

    // Assess
    expect(found?.instances.map(({ id }) => id)).toEqual(['i-1']);
    expect(found?.foreign.map(({ id }) => id)).toEqual(['i-foreign']);
    expect(Object.keys(found?.youngest ?? {})).toEqual(['server-1']);
  });
});
