/** Which data volume an instance gets, and what is in the way. The simulator answers for EC2. */
import {
  CreateTagsCommand,
  CreateVolumeCommand,
  DeleteTagsCommand,
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ProvidedVolume } from '#src/activities/api.js';
import type { ActivityContext } from '#src/activities/attempt.js';
import type { ActivityDeps } from '#src/activities/deps.js';
import { findDataVolumes } from '#src/activities/volumes/find.js';
import { provideDataVolumes } from '#src/activities/volumes/provide.js';
import { detailOf } from '#src/aws/failure.js';
import { dataVolumeTags, SEAL_TAG } from '#src/model/tags.js';
import type { KeptDataVolume } from '#src/model/volumes/requests.js';
import { launchOne, reaches } from '../../region/ec2/launch-one.js';
import { startTestRegion, type TestRegion } from '../../region/local-region.js';
import { installation, owner, scope, tokenOf } from '../support.js';

let region: TestRegion;
beforeAll(async () => {
  region = await startTestRegion();
});
afterAll(() => region.close());
afterEach(() => vi.restoreAllMocks());

const VOLUME = {
  name: 'data',
  device: '/dev/sdf',
  sizeGiB: 8,
  type: 'gp3',
  encrypted: true,
  mountPath: '/srv/data',
  filesystem: 'ext4' as const,
  keep: true,
};

const told: string[] = [];
const warned: unknown[] = [];
const attempt = {
  signal: new AbortController().signal,
  cancelled: new Promise<never>(() => undefined),
  since: Date.now(),
  age: () => 0,
  heartbeat: () => undefined,
  tell: ({ message }: { message: string }) => void told.push(message),
  log: { warn: (_text: string, about: unknown) => void warned.push(about), info: () => undefined },
  sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 2)),
} as unknown as ActivityContext;

const deps = {
  clients: { ec2: () => region.ec2Client() },
  installation: async () => installation,
} as unknown as ActivityDeps;

let generation = 0;
const launch = (zone: string, slot: string): Promise<string> => {
  generation += 1;
  return launchOne(region, {}, { ClientToken: tokenOf(slot, generation), Placement: { AvailabilityZone: zone } });
};

const provide = (
  instanceId: string,
  slot: string,
  known: Record<string, KeptDataVolume> = {},
): Promise<ProvidedVolume[]> =>
  provideDataVolumes(deps, attempt, {
    ...scope,
    instanceId,
    slot,
    generation,
    volumes: [VOLUME],
    known,
    tags: { team: 'shop' },
  });

const failureOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ApplicationFailure);
  return { detail: detailOf(error as ApplicationFailure), nonRetryable: (error as ApplicationFailure).nonRetryable };
};

const holderOf = async (id: string): Promise<string | undefined> => {
  const { Volumes } = await region.ec2Client().send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return Volumes?.[0]?.Attachments?.[0]?.InstanceId;
};

async function terminate(id: string): Promise<void> {
  await region.ec2Client().send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await reaches(region, id, 'terminated');
}

/** Each question to the clock is five seconds after the one before, so that patience ends at once. */
function hurry(): void {
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 5_000));
}

describe('a volume that is kept', () => {
  it('is made once, sealed and attached, and goes to the successor of its instance', async () => {
    // Prepare
    const first = await launch('eu-west-1a', 'storage-1');
    // Act
    const [made] = await provide(first, 'storage-1');
    const [again] = await provide(first, 'storage-1');
    await terminate(first);
    const second = await launch('eu-west-1a', 'storage-1');
    const [taken] = await provide(second, 'storage-1');
    // Assess
    expect(made).toMatchObject({ name: 'data', zone: 'eu-west-1a', origin: 'made' });
    expect(again).toEqual({ ...made, origin: 'kept' });
    expect(taken).toEqual({ ...made, origin: 'kept' });
    expect(await holderOf(made?.id ?? '')).toBe(second);
    expect((await findDataVolumes(deps, attempt, scope)).map(({ id }) => id)).toContain(made?.id);
  });

  it('is waited for while another instance holds it, told, and never detached', async () => {
    // Prepare
    const holder = await launch('eu-west-1a', 'storage-2');
    const [made] = await provide(holder, 'storage-2');
    const next = await launch('eu-west-1a', 'storage-2');
    // Act
    hurry();
    const { detail, nonRetryable } = await failureOf(provide(next, 'storage-2'));
    // Assess
    expect(detail).toMatchObject({ code: 'VolumeInUse', class: 'conflict' });
    expect(detail?.message).toBe(`storage-2: the volume ${made?.id} is attached to ${holder} and not to ${next}`);
    expect(detail?.hint).toMatch(/Keelson does not, for data could be lost/);
    expect(nonRetryable).toBe(true);
    expect(told.at(-1)).toContain(`is attached to ${holder} and not attached to ${next} yet`);
    expect(await holderOf(made?.id ?? '')).toBe(holder);
  });

  it('is refused where the instance is in another zone, and no empty one takes its place', async () => {
    // Prepare
    const first = await launch('eu-west-1a', 'storage-3');
    const [made] = await provide(first, 'storage-3');
    await terminate(first);
    const elsewhere = await launch('eu-west-1b', 'storage-3');
    // Act
    const { detail, nonRetryable } = await failureOf(provide(elsewhere, 'storage-3'));
    // Assess
    expect(detail).toMatchObject({ code: 'VolumeInOtherZone', class: 'conflict' });
    expect(detail?.message).toContain(`is not in eu-west-1a, where the kept volume ${made?.id} (data) is`);
    expect(nonRetryable).toBe(true);
    expect(await volumesOf('storage-3')).toEqual([made?.id]);
  });

  it('whose seal is not ours is left alone, whatever its tags say', async () => {
    // Prepare
    const instanceId = await launch('eu-west-1a', 'storage-4');
    const forged = await volumeOfOthers('storage-4', 'a seal of another installation');
    // Act
    const [made] = await provide(instanceId, 'storage-4');
    const found = await findDataVolumes(deps, attempt, scope);
    // Assess
    expect(made?.origin).toBe('made');
    expect(made?.id).not.toBe(forged);
    expect(await holderOf(forged)).toBeUndefined();
    expect(found.map(({ id }) => id)).not.toContain(forged);
    expect(warned).toContainEqual({ foreign: expect.arrayContaining([forged]) });
  });

  it('with the seal of another slot is left alone, too', async () => {
    // Prepare
    const first = await launch('eu-west-1a', 'storage-5');
    const [made] = await provide(first, 'storage-5');
    await terminate(first);
    const moved = [{ Key: 'keelson:slot', Value: 'storage-6' }];
    await region.ec2Client().send(new CreateTagsCommand({ Resources: [made?.id ?? ''], Tags: moved }));
    const instanceId = await launch('eu-west-1a', 'storage-6');
    // Act
    const [own] = await provide(instanceId, 'storage-6');
    // Assess
    expect(own?.origin).toBe('made');
    expect(own?.id).not.toBe(made?.id);
    expect(await holderOf(made?.id ?? '')).toBeUndefined();
  });

  it('whose tags someone has removed is found by the id that is recorded, and sealed again', async () => {
    // Prepare
    const first = await launch('eu-west-1a', 'storage-7');
    const [made] = await provide(first, 'storage-7');
    await terminate(first);
    const id = made?.id ?? '';
    await region.ec2Client().send(new DeleteTagsCommand({ Resources: [id], Tags: [{ Key: SEAL_TAG }] }));
    const second = await launch('eu-west-1a', 'storage-7');
    // Act
    const [taken] = await provide(second, 'storage-7', { data: { id, zone: 'eu-west-1a' } });
    // Assess
    expect(taken).toMatchObject({ id, origin: 'kept' });
    expect(await holderOf(id)).toBe(second);
    expect((await findDataVolumes(deps, attempt, scope)).map((one) => one.id)).toContain(id);
  });

  it('that is gone is made again, and said to be empty', async () => {
    // Prepare
    const first = await launch('eu-west-1a', 'storage-8');
    const [made] = await provide(first, 'storage-8');
    await terminate(first);
    await region.ec2Client().send(new DeleteVolumeCommand({ VolumeId: made?.id }));
    const second = await launch('eu-west-1a', 'storage-8');
    // Act
    const [other] = await provide(second, 'storage-8', { data: { id: made?.id ?? '', zone: 'eu-west-1a' } });
    // Assess
    expect(other).toMatchObject({ origin: 'lost' });
    expect(other?.id).not.toBe(made?.id);
  });
});

async function volumesOf(slot: string): Promise<(string | undefined)[]> {
  const Filters = [
    { Name: 'tag:keelson:slot', Values: [slot] },
    { Name: 'tag-key', Values: [SEAL_TAG] },
  ];
  const { Volumes = [] } = await region.ec2Client().send(new DescribeVolumesCommand({ Filters }));
  return Volumes.map(({ VolumeId }) => VolumeId);
}

/** A volume with all tags of ours that anyone can write. */
async function volumeOfOthers(slot: string, seal: string): Promise<string> {
  const tags = { ...dataVolumeTags({ ...owner, slot, volume: 'data' }, {}), [SEAL_TAG]: seal };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { VolumeId = '' } = await region.ec2Client().send(
    new CreateVolumeCommand({
      AvailabilityZone: 'eu-west-1a',
      Size: 8,
      TagSpecifications: [{ ResourceType: 'volume', Tags }],
    }),
  );
  return VolumeId;
}
