/** Hundreds of clusters that lose a server at once look at once: EC2 takes 20 lists a second. */
import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  type Filter,
  type Instance,
} from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { awsError, failureOf, makeActivities, scope, settled, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const ssm = mockClient(SSMClient);
const names = Array.from({ length: 150 }, (_, index) => `shop-${index}`);

let activities = makeActivities();
let isRefused = false;
beforeEach(() => {
  vi.useFakeTimers();
  // Readers of their own: what one test has asked does not delay the next one.
  activities = makeActivities();
  ec2.on(DescribeInstancesCommand).callsFake(({ Filters = [] }: { Filters?: Filter[] }) => {
    if (isRefused) throw awsError('RequestLimitExceeded', 'slow down', 503);
    const named = valuesOf(Filters, 'tag:keelson:cluster').map((name) => instance(`i-${name}`, name, 'running'));
    const lost = valuesOf(Filters, 'instance-id').map((id) => instance(id, id.replace('i-lost-', ''), 'terminated'));
    return { Reservations: [{ Instances: [...named, ...lost] }] };
  });
  ec2.on(DescribeSecurityGroupsCommand).callsFake(({ Filters }: { Filters?: Filter[] }) => ({
    SecurityGroups: valuesOf(Filters, 'group-id').map((GroupId) => ({ GroupId })),
  }));
  ec2.on(DescribeInstanceStatusCommand).resolves({});
  ssm.on(DescribeInstanceInformationCommand).resolves({});
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
  ssm.reset();
});

const valuesOf = (filters: Filter[] | undefined, name: string): string[] =>
  filters?.find((filter) => filter.Name === name)?.Values ?? [];

const instance = (InstanceId: string, cluster: string, Name: 'running' | 'terminated'): Instance => ({
  InstanceId,
  State: { Name },
  Tags: [
    { Key: 'keelson:cluster', Value: cluster },
    { Key: 'keelson:uid', Value: scope.uid },
  ],
});

const inputOf = (cluster: string) => ({
  ...scope,
  cluster,
  known: [`i-${cluster}`, `i-lost-${cluster}`],
  checks: true as const,
});
const observing = (cluster: string) => start(activities.observeInstances, inputOf(cluster));
const calls = (command: Parameters<typeof ec2.commandCalls>[0]): number => ec2.commandCalls(command).length;

test('observations of many clusters share their calls, and each gets its own instances and groups', async () => {
  // Act
  const all = names.map(async (cluster) => {
    const groups = { ...scope, cluster, groupIds: [`sg-${cluster}`] };
    const [{ instances, unlisted }, seen] = await Promise.all([
      settled(observing(cluster).result),
      settled(start(activities.observeSecurityGroups, groups).result),
    ]);
    return [...instances.map(({ id }) => id), ...unlisted, ...seen.map(({ id }) => id)];
  });
  const seen = await Promise.all(all);

  // Assess
  expect(seen).toEqual(names.map((cluster) => [`i-${cluster}`, `sg-${cluster}`]));
  // By tags, and what they do not show by id; a call takes a hundred.
  expect(calls(DescribeInstancesCommand)).toBe(4);
  expect(calls(DescribeSecurityGroupsCommand)).toBe(2);
  expect(calls(DescribeInstanceStatusCommand)).toBe(2);
});

test('an observation that is cancelled ends at once, and the others get their answer', async () => {
  // Prepare
  const stopped = observing('shop-1');
  const other = observing('shop-2');

  // Act: before the call is made.
  stopped.environment.cancel('CANCELLED');

  // Assess
  await expect(stopped.result).rejects.toThrow('CANCELLED');
  expect((await settled(other.result)).instances).toMatchObject([{ id: 'i-shop-2' }]);
});

test('what fails a shared call fails the observations that share it, and no later one', async () => {
  // Prepare
  isRefused = true;
  const sharing = [observing('shop-1'), observing('shop-2')];

  // Act
  const failures = await settled(Promise.all(sharing.map(({ result }) => failureOf(result))));

  isRefused = false;

  // Assess
  expect(failures).toMatchObject([{ class: 'throttled' }, { class: 'throttled' }]);
  expect((await settled(observing('shop-1').result)).instances).toMatchObject([{ id: 'i-shop-1' }]);
});
