/** Hundreds of clusters that lose a server at once look at once: EC2 takes 20 lists a second. */
import { DescribeInstancesCommand, DescribeSecurityGroupsCommand, EC2Client, type Filter } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeActivities, scope, settled, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();
const names = Array.from({ length: 150 }, (_, index) => `shop-${index}`);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
});

const valuesOf = (filters: Filter[] | undefined, name: string): string[] =>
  filters?.find((filter) => filter.Name === name)?.Values ?? [];

test('observations of many clusters share their calls, and each gets its own instances and groups', async () => {
  // Prepare
  ec2.on(DescribeInstancesCommand).callsFake(({ Filters }: { Filters?: Filter[] }) => ({
    Reservations: valuesOf(Filters, 'tag:keelson:cluster').map((cluster) => ({
      Instances: [
        {
          InstanceId: `i-${cluster}`,
          State: { Name: 'running' },
          Tags: [
            { Key: 'keelson:cluster', Value: cluster },
            { Key: 'keelson:uid', Value: scope.uid },
          ],
        },
      ],
    })),
  }));
  ec2.on(DescribeSecurityGroupsCommand).callsFake(({ Filters }: { Filters?: Filter[] }) => ({
    SecurityGroups: valuesOf(Filters, 'group-id').map((GroupId) => ({ GroupId })),
  }));

  // Act
  const all = names.map(async (cluster) => {
    const own = { ...scope, cluster };
    const [{ instances }, groups] = await Promise.all([
      settled(start(activities.observeInstances, { ...own, known: [`i-${cluster}`] }).result),
      settled(start(activities.observeSecurityGroups, { ...own, groupIds: [`sg-${cluster}`] }).result),
    ]);
    return [...instances, ...groups].map(({ id }) => id);
  });
  const seen = await Promise.all(all);

  // Assess
  expect(seen).toEqual(names.map((cluster) => [`i-${cluster}`, `sg-${cluster}`]));
  expect(ec2.commandCalls(DescribeInstancesCommand)).toHaveLength(2);
  expect(ec2.commandCalls(DescribeSecurityGroupsCommand)).toHaveLength(2);
});
