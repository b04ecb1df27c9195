import {
  CreateSnapshotCommand,
  CreateTagsCommand,
  type EC2Client,
  type Filter,
  ModifyInstanceAttributeCommand,
  paginateDescribeSnapshots,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import { hasCode } from '../../aws/error-code.js';
import { failure, toFailure } from '../../aws/failure.js';
import { allPages } from '../../aws/pages.js';
import { ownedBy, tagSpecifications } from '../../aws/tags.js';
import { KEPT_TAG, type Owner, snapshotTags, TAG } from '../../model/tags.js';
import type { SavedVolume, SaveVolumeInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { retryTransient } from '../retry-transient.js';
import { ownerOf, requireOwn } from './proof.js';

type OwnVolume = SaveVolumeInput & Owner;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Saves the root volume of an instance before its termination: keeps the volume itself, or makes a snapshot. There is one snapshot for a
 * slot and generation: its tags find an earlier one. It holds what was written at the time of the call, as after a power cut. Keelson gives
 * the volume up only when the snapshot is completed, because a pending one can still fail. [docs: EC2 CreateSnapshot]
 *
 * @returns null when the instance is gone or has no EBS root volume
 * @throws what EC2 refuses, and a transient failure `VolumeSnapshotFailed` when EC2 gives the snapshot up
 */
export async function saveRootVolume(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: SaveVolumeInput,
): Promise<SavedVolume | null> {
  const ec2 = deps.clients.ec2(input.region);
  const [instance] = await requireOwn(deps, input, [input.instanceId]);
  const root = instance?.BlockDeviceMappings?.find((device) => device.DeviceName === instance.RootDeviceName);
  const volumeId = root?.Ebs?.VolumeId;
  if (root?.DeviceName === undefined || volumeId === undefined) return null;
  const owner = await ownerOf(deps, input);
  if (input.how === 'snapshot')
    return { kind: 'snapshot', id: await snapshot(ec2, attempt, { ...input, ...owner }, volumeId) };
  await keep(ec2, input, root.DeviceName, volumeId);
  return { kind: 'volume', id: volumeId };
}

async function keep(ec2: EC2Client, input: SaveVolumeInput, DeviceName: string, volumeId: string): Promise<void> {
  const { instanceId: InstanceId } = input;
  const BlockDeviceMappings = [{ DeviceName, Ebs: { DeleteOnTermination: false } }];
  try {
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, BlockDeviceMappings }));
    await ec2.send(new CreateTagsCommand({ Resources: [volumeId], Tags: [{ Key: KEPT_TAG, Value: 'volume' }] }));
  } catch (error) {
    // A document with many tags leaves no room for another one: Keelson keeps the volume anyway.
    if (hasCode(error, 'TagLimitExceeded')) return;
    throw toFailure(error, `keep the root volume ${volumeId} of ${InstanceId}`);
  }
}

async function snapshot(ec2: EC2Client, attempt: ActivityContext, input: OwnVolume, volumeId: string): Promise<string> {
  const look = retryTransient(attempt, `DescribeSnapshots of ${volumeId}`);
  const earlier = await look(() => findEarlier(ec2, input, volumeId));
  const id = earlier?.SnapshotId ?? (await create(ec2, input, volumeId));
  let seen = earlier;
  for (let pause = FIRST_PAUSE_MS; seen?.State !== 'completed'; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    if (seen?.State === 'error') throw snapshotFailed(seen);
    attempt.heartbeat({ snapshotId: id, state: seen?.State ?? 'pending', progress: seen?.Progress ?? '' });
    await attempt.sleep(pause);
    [seen] = await look(() => keptSnapshots(ec2, [{ Name: 'snapshot-id', Values: [id] }]));
  }
  return id;
}

async function create(ec2: EC2Client, input: OwnVolume, VolumeId: string): Promise<string> {
  const tags = snapshotTags(input, input.tags);
  try {
    const { SnapshotId } = await ec2.send(
      new CreateSnapshotCommand({
        VolumeId,
        Description: `${input.cluster} ${input.slot}: root volume of ${input.instanceId}, saved before it was replaced`,
        TagSpecifications: tagSpecifications(tags, 'snapshot'),
      }),
    );
    return SnapshotId ?? '';
  } catch (error) {
    throw toFailure(error, `CreateSnapshot ${VolumeId}`);
  }
}

/** Returns what an earlier attempt has made, unless EC2 has given it up. */
async function findEarlier(ec2: EC2Client, input: OwnVolume, volumeId: string): Promise<Snapshot | undefined> {
  const found = await keptSnapshots(ec2, [
    ...ownedBy(input),
    { Name: `tag:${TAG.slot}`, Values: [input.slot] },
    { Name: `tag:${TAG.generation}`, Values: [String(input.generation)] },
    { Name: 'volume-id', Values: [volumeId] },
  ]);
  return found.find((one) => one.State !== 'error');
}

/** Finds the snapshots that Keelson has made, which are marked: backup services may copy the volumes' tags to theirs. */
export async function keptSnapshots(ec2: EC2Client, filters: Filter[]): Promise<Snapshot[]> {
  try {
    const Filters = [...filters, { Name: `tag:${KEPT_TAG}`, Values: ['snapshot'] }];
    return await allPages(
      paginateDescribeSnapshots({ client: ec2 }, { OwnerIds: ['self'], Filters }),
      (page) => page.Snapshots,
    );
  } catch (error) {
    throw toFailure(error, 'DescribeSnapshots by tag');
  }
}

function snapshotFailed({ SnapshotId: id, StateMessage: why }: Snapshot) {
  return failure({
    code: 'VolumeSnapshotFailed',
    class: 'transient',
    message: `EC2 has given up the snapshot ${id}: ${why ?? 'it gives no reason'}`,
    hint: 'another one is made; if that fails as well, see the KMS key of the volume, or set spec.health.keepVolume',
    nonRetryable: true,
  });
}
