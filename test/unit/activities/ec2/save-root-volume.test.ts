import { DeleteSnapshotCommand, DescribeVolumesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SavedVolume, SaveVolumeInput } from '#src/activities/api.js';
import type { ActivityContext } from '#src/activities/attempt.js';
import type { ActivityDeps } from '#src/activities/deps.js';
import { keptSnapshots, saveRootVolume } from '#src/activities/ec2/save-root-volume.js';
import { launchOne, reaches } from '../../region/ec2/launch-one.js';
import { startTestRegion, type TestRegion } from '../../region/local-region.js';
import { installation, scope, tokenOf } from '../support.js';

let region: TestRegion;
beforeAll(async () => {
  region = await startTestRegion();
});
afterAll(() => region.close());

const attempt = {
  signal: new AbortController().signal,
  cancelled: new Promise<never>(() => undefined),
  heartbeat: () => undefined,
  tell: () => undefined,
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 10))),
} as unknown as ActivityContext;

const save = (more: Pick<SaveVolumeInput, 'instanceId' | 'how' | 'generation'>): Promise<SavedVolume | null> => {
  const deps = {
    clients: { ec2: () => region.ec2Client() },
    installation: async () => installation,
  } as unknown as ActivityDeps;
  return saveRootVolume(deps, attempt, { ...scope, slot: 'server-1', tags: { team: 'shop' }, ...more });
};

let launched = 0;
/** A ClientToken makes one instance, so each has another generation. */
const launchOwn = (): Promise<string> => {
  launched += 1;
  return launchOne(region, {}, { ClientToken: tokenOf('server-1', launched) });
};

async function terminate(id: string): Promise<void> {
  await region.ec2Client().send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await reaches(region, id, 'terminated');
}

describe('the root volume of an instance that is replaced', () => {
  test('is saved as one snapshot, however often that is asked for, and completed before the instance goes', async () => {
    // Prepare
    const instanceId = await launchOwn();
    // Act
    const first = await save({ instanceId, how: 'snapshot', generation: 1 });
    const second = await save({ instanceId, how: 'snapshot', generation: 1 });
    await terminate(instanceId);
    // Assess
    const filters = [{ Name: 'tag:keelson:generation', Values: ['1'] }];
    const snapshots = await keptSnapshots(region.ec2Client(), filters);
    expect(first?.kind).toBe('snapshot');
    expect(second).toEqual(first);
    expect(snapshots.map((one) => [one.SnapshotId, one.State])).toEqual([[first?.id, 'completed']]);
    expect(Object.fromEntries((snapshots[0]?.Tags ?? []).map(({ Key, Value }) => [Key, Value]))).toMatchObject({
      'keelson:uid': scope.uid,
      'keelson:slot': 'server-1',
      'keelson:kept': 'snapshot',
      team: 'shop',
    });
  });

  test('outlives it where the volume itself is kept', async () => {
    const instanceId = await launchOwn();
    const kept = await save({ instanceId, how: 'keep', generation: 2 });
    await terminate(instanceId);
    const { Volumes: volumes } = await region
      .ec2Client()
      .send(new DescribeVolumesCommand({ VolumeIds: [kept?.id ?? ''] }));
    expect(volumes).toMatchObject([{ State: 'available', Tags: [{ Key: 'keelson:kept', Value: 'volume' }] }]);
  });

  test('can be deleted again as a snapshot, as the sweep does', async () => {
    const instanceId = await launchOwn();
    const saved = await save({ instanceId, how: 'snapshot', generation: 4 });
    await region.ec2Client().send(new DeleteSnapshotCommand({ SnapshotId: saved?.id }));
    expect(await keptSnapshots(region.ec2Client(), [{ Name: 'tag:keelson:generation', Values: ['4'] }])).toEqual([]);
  });

  test('is nothing to save when the instance is gone', async () => {
    const instanceId = await launchOwn();
    await terminate(instanceId);
    expect(await save({ instanceId, how: 'snapshot', generation: 3 })).toBeNull();
  });
});
