import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAwsClients } from '#src/aws/clients.js';
import { createReaders } from '#src/aws/readers.js';
import { InstanceEvents } from '#src/events/instance-event.js';
import type { RegionReport } from '#src/model/watch/region-report.js';
import { installation } from '../activities/support.js';

const ec2 = mockClient(EC2Client);
let told: [string, RegionReport][] = [];
let events: InstanceEvents;
/** What EC2 says of each instance by the time it is asked. */
let now: 'pending' | 'running' | 'stopped';
/** Accounts and regions whose readers were asked for. */
let asked: string[];

beforeEach(() => {
  told = [];
  asked = [];
  now = 'stopped';
  const reconcile = async (cluster: string, _reason: string, regionReport: RegionReport) => {
    told.push([cluster, regionReport]);
    return cluster === 'orphan' ? ('absent' as const) : ('told' as const);
  };
  const readers = createReaders(createAwsClients({ homeRegion: 'eu-west-1', version: 'test' }), 1);
  const readersIn = async (account: string, region: string) => {
    asked.push(`${account} ${region}`);
    return readers;
  };
  events = new InstanceEvents(readersIn, { reconcile }, async () => installation);
  ec2.on(DescribeInstancesCommand).callsFake((input: { Filters: { Values: string[] }[] }) => ({
    Reservations: (input.Filters[0]?.Values ?? [])
      .filter((id) => !id.includes('unknown'))
      .map((id) => ({ Instances: [{ InstanceId: id, Tags: tagsOf(id), State: { Name: now } }] })),
  }));
});
afterEach(() => ec2.reset());

/** `i-shop-1` belongs to `shop`; `i-foreign` to no one, `i-theirs-1` to another installation. */
const tagsOf = (id: string) => {
  const [, cluster = ''] = id.split('-');
  if (cluster === 'foreign') return [{ Key: 'Name', Value: 'bastion' }];
  return [
    { Key: 'keelson:installation', Value: cluster === 'theirs' ? 'inst-2' : installation.id },
    { Key: 'keelson:cluster', Value: cluster },
    { Key: 'keelson:uid', Value: `uid-${cluster}` },
  ];
};

const changed = (instanceId: string, state: 'stopped' | 'running') =>
  events.handle({ kind: 'instance', account: '111111111111', region: 'eu-west-1', instanceId, state });
const stopped = (instanceId: string) => changed(instanceId, 'stopped');

describe('a change of an instance', () => {
  it('is reported to its cluster', async () => {
    expect(await stopped('i-shop-1')).toBe('shop');
    expect(told).toEqual([['shop', { uid: 'uid-shop', whole: false, seen: [{ id: 'i-shop-1', state: 'stopped' }] }]]);
  });

  it('is looked for in the account that it is from', async () => {
    await events.handle({
      kind: 'instance',
      account: '222222222222',
      region: 'eu-west-1',
      instanceId: 'i-shop-1',
      state: 'stopped',
    });
    expect(asked).toEqual(['222222222222 eu-west-1']);
  });

  it('is nothing where the instance is unknown or not ours, or is only being launched', async () => {
    const pending = {
      kind: 'instance',
      account: '111111111111',
      region: 'eu-west-1',
      instanceId: 'i-shop-1',
      state: 'pending',
    } as const;
    expect(await Promise.all([stopped('i-unknown'), stopped('i-foreign'), events.handle(pending)])).toEqual([
      null,
      null,
      null,
    ]);
    expect(told).toEqual([]);
    expect(await stopped('i-orphan')).toBeNull();
    expect(await stopped('i-theirs-1')).toBeNull();
    expect(told.map(([cluster]) => cluster)).not.toContain('theirs');
  });

  it.each(['pending', 'running'] as const)('is nothing any more where the instance is %s again', async (state) => {
    await stopped('i-shop-1');
    now = state;
    await stopped('i-shop-1');
    const seen = told.flatMap(([, regionReport]) => regionReport.seen.map((one) => one.state));
    expect(seen).toEqual(state === 'pending' ? ['stopped'] : ['stopped', 'running']);
  });

  it('costs no call and no signal where a new instance runs: the step that has launched it waits for that', async () => {
    expect(await changed('i-shop-1', 'running')).toBeNull();
    expect(told).toEqual([]);
    expect(ec2.calls()).toHaveLength(0);
  });

  it('is reported where an instance runs again that was reported as stopped', async () => {
    await stopped('i-shop-1');
    expect(await changed('i-shop-1', 'running')).toBe('shop');
    expect(told.at(-1)).toEqual(['shop', expect.objectContaining({ seen: [{ id: 'i-shop-1', state: 'running' }] })]);
  });

  it('costs one call for many at once, and none where a known instance is gone for good', async () => {
    const ids = Array.from({ length: 80 }, (_, index) => `i-shop-${index}`);
    await Promise.all(ids.map(stopped));
    const gone = { kind: 'instance', account: '111111111111', region: 'eu-west-1', state: 'terminated' } as const;
    await Promise.all(ids.map((instanceId) => events.handle({ ...gone, instanceId })));
    expect(told).toHaveLength(160);
    expect(ec2.calls()).toHaveLength(1);
  });
});
