import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { openStackFixture, type StackFixture } from './fixture.js';

const NAME = 'stores';
const REGION = 'eu-west-1';

let fixture: StackFixture;
let ec2: EC2Client;
beforeAll(async () => {
  fixture = await openStackFixture();
  ec2 = new EC2Client({ region: REGION, endpoint: fixture.stack.region.url, credentials: CREDENTIALS.admin });
});
afterAll(async () => {
  ec2?.destroy();
  await fixture?.close();
});

const DATA = { name: 'data', sizeGiB: 50, mountPath: '/mnt/data', filesystem: 'xfs', keep: true };
const SCRATCH = { name: 'scratch', sizeGiB: 20, mountPath: '/mnt/scratch' };
const RAW = { name: 'raw', sizeGiB: 10, iops: 4000, throughput: 500 };

const spec = (more: Record<string, unknown> = {}) => ({
  servers: { instanceType: 't3.medium' },
  pools: [{ name: 'db', count: 2, instanceType: 't3.large', volumes: [DATA, SCRATCH, RAW] }],
  health: { gracePeriod: '10s' },
  ...more,
});
const apply = (more: Record<string, unknown> = {}) =>
  fixture.keelson('apply', '-f', fixture.document(NAME, spec(more)), '--wait');
const status = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');
const running = async (slot: string): Promise<Instance> => {
  const all = await fixture.region<Instance[]>('instances');
  const found = all.find((one) => one.state === 'running' && one.tags['keelson:slot'] === slot);
  if (found === undefined) throw new Error(`no instance runs in ${slot}`);
  return found;
};
const rootOf = ({ id }: Pick<Instance, 'id'>): string =>
  join(fixture.folder, 'stack', 'region', 'instances', id, 'root');
const volumes = async () => (await ec2.send(new DescribeVolumesCommand({}))).Volumes ?? [];
const keptOf = async (slot: string) =>
  (await volumes()).filter(({ Tags = [] }) => {
    const tags = Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
    return tags['keelson:slot'] === slot && tags['keelson:volume'] === 'data';
  });
const becomes = async (slot: string, generation: number) => {
  await expect.poll(async () => (await status()).nodes.find((node) => node.slot === slot)?.generation).toBe(generation);
  await expect.poll(async () => (await status()).health).toBe('Healthy');
};

describe('data volumes of a pool', () => {
  it('are attached, formatted and mounted before K3s starts', async () => {
    // Act
    const made = await apply();

    // Assess
    expect(made, made.stderr).toMatchObject({ code: 0 });
    const node = await running('db-0');
    const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [node.id] }));
    const devices = Reservations[0]?.Instances?.[0]?.BlockDeviceMappings ?? [];
    expect(devices.map(({ DeviceName, Ebs }) => [DeviceName, Ebs?.DeleteOnTermination]).sort()).toEqual([
      ['/dev/sdf', false],
      ['/dev/sdg', true],
      ['/dev/sdh', true],
      ['/dev/xvda', true],
    ]);
    const fstab = readFileSync(join(rootOf(node), 'etc/fstab'), 'utf8');
    expect(fstab).toMatch(/^UUID=\S+ \/mnt\/data xfs defaults,nofail 0 2\nUUID=\S+ \/mnt\/scratch ext4 /);
    const raw = (await volumes()).filter(
      ({ Size, Iops, Throughput }) => Size === 10 && Iops === 4000 && Throughput === 500,
    );
    expect(raw).toHaveLength(2);
    expect(await keptOf('db-0')).toMatchObject([
      { VolumeType: 'gp3', Encrypted: true, Attachments: [{ InstanceId: node.id }] },
    ]);
  });

  it('keep their data when the node is replaced, in the same zone', async () => {
    // Prepare
    const before = await running('db-0');
    const [kept] = await keptOf('db-0');
    writeFileSync(join(rootOf(before), 'mnt/data/rows'), 'precious');
    writeFileSync(join(rootOf(before), 'mnt/scratch/rows'), 'worthless');

    // Act
    await fixture.region(`instances/${before.id}/terminate?hard`, { method: 'POST' });
    await becomes('db-0', 2);

    // Assess
    const after = await running('db-0');
    expect(after.id).not.toBe(before.id);
    expect(after.zone).toBe(before.zone);
    expect(readFileSync(join(rootOf(after), 'mnt/data/rows'), 'utf8')).toBe('precious');
    expect(existsSync(join(rootOf(after), 'mnt/scratch/rows'))).toBe(false);
    expect(await keptOf('db-0')).toMatchObject([{ VolumeId: kept?.VolumeId, Attachments: [{ InstanceId: after.id }] }]);
  });

  it('are mounted again after the cluster was stopped and started', async () => {
    expect(await fixture.keelson('stop', NAME, '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.keelson('start', NAME, '--wait')).toMatchObject({ code: 0 });

    const node = await running('db-0');
    expect(readFileSync(join(rootOf(node), 'mnt/data/rows'), 'utf8')).toBe('precious');
  });

  it('are found again by their tags and seal when the workflow was lost', async () => {
    // Prepare
    const before = await running('db-0');
    const [kept] = await keptOf('db-0');
    await fixture.client.workflow.getHandle(`cluster/${NAME}`).terminate('lost');

    // Act
    await fixture.region(`instances/${before.id}/terminate?hard`, { method: 'POST' });
    const applied = await apply();

    // Assess
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    const after = await running('db-0');
    expect(after.id).not.toBe(before.id);
    expect(readFileSync(join(rootOf(after), 'mnt/data/rows'), 'utf8')).toBe('precious');
    expect(await keptOf('db-0')).toMatchObject([{ VolumeId: kept?.VolumeId }]);
  });

  it('stay when the pool shrinks, and come back with the slot', async () => {
    // Prepare
    const [kept] = await keptOf('db-1');
    const pool = { name: 'db', count: 1, instanceType: 't3.large', volumes: [DATA, SCRATCH, RAW] };

    // Act
    const smaller = await apply({ pools: [pool] });
    const [free] = await keptOf('db-1');
    const larger = await apply();

    // Assess
    expect(smaller, smaller.stderr).toMatchObject({ code: 0 });
    expect(larger, larger.stderr).toMatchObject({ code: 0 });
    expect(free).toMatchObject({ VolumeId: kept?.VolumeId, State: 'available' });
    expect(await keptOf('db-1')).toMatchObject([{ VolumeId: kept?.VolumeId, State: 'in-use' }]);
  });

  it('are named before the cluster is deleted, and go with it', async () => {
    // Prepare
    const [kept] = await keptOf('db-0');

    // Act
    const asked = await fixture.keelson('delete', NAME);
    const deleted = await fixture.keelson('delete', NAME, '--yes', '--wait');

    // Assess
    expect(asked.stdout + asked.stderr).toContain(`volume ${kept?.VolumeId} (data of db-0`);
    expect(deleted, deleted.stderr).toMatchObject({ code: 0 });
    expect(await volumes()).toEqual([]);
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
  });
});
