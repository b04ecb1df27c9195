import { DescribeInstancesCommand, EC2Client, type Instance, type InstanceStateName } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeActivities, scope, settled, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
});

const instance = (state: InstanceStateName): Instance => ({
  InstanceId: 'i-1',
  State: { Name: state },
  Tags: Object.entries({ cluster: scope.cluster, uid: scope.uid, slot: 'server-0', generation: '1' }).map(
    ([name, Value]) => ({ Key: `keelson:${name}`, Value }),
  ),
});

/** EC2 answers with each of these in turn, and from then on with the last. */
function answers(...lists: Instance[][]): void {
  let count = 0;
  ec2.on(DescribeInstancesCommand).callsFake(({ Filters }: { Filters: { Name: string; Values: string[] }[] }) => {
    const list = lists[Math.min(count++, lists.length - 1)] ?? [];
    const states = Filters.find(({ Name }) => Name === 'instance-state-name')?.Values;
    const Instances = list.filter((one) => states === undefined || states.includes(one.State?.Name ?? ''));
    return { Reservations: [{ Instances }] };
  });
}

const observe = () => settled(start(activities.observeInstances, { ...scope, known: ['i-1'] }).result);
const seen = async () => (await observe()).instances.map(({ id, state }) => `${id} ${state}`);
const calls = () => ec2.commandCalls(DescribeInstancesCommand).length;

describe('a known instance', () => {
  test('is not gone because EC2 leaves it out of a few answers', async () => {
    answers([], [], [], [instance('running')]);

    expect(await seen()).toEqual(['i-1 running']);
  });

  test('is gone at once when EC2 lists it as terminated', async () => {
    answers([instance('terminated')]);

    expect(await observe()).toMatchObject({ instances: [], unlisted: [] });
    expect(calls()).toBe(2);
  });

  test('is named as not listed when EC2 lists it in no answer', async () => {
    answers([]);

    expect(await observe()).toMatchObject({ instances: [], unlisted: ['i-1'] });
    expect(calls()).toBe(6);
  });
});
