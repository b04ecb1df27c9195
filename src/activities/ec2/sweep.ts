import {
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  type EC2Client,
  paginateDescribeVolumes,
  type Volume,
} from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import { hasCode } from '../../aws/error-code.js';
import { toFailure } from '../../aws/failure.js';
import { allPages } from '../../aws/pages.js';
import { findGroups, isOwnGroup } from '../../aws/security-groups/find.js';
import { closeReferences } from '../../aws/security-groups/references.js';
import { ownedBy } from '../../aws/tags.js';
import type { Owner } from '../../model/tags.js';
import type { Scope, SweepResult } from '../api.js';
import type { Attempt } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { findOwned } from './find-instances.js';
import { judgeInstances, ownerOf } from './proof.js';
import { keptSnapshots } from './save-root-volume.js';
import { terminate } from './terminate.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** What was made a moment ago may not be listed yet [docs: EC2 eventual consistency]: nothing must be seen twice. */
const LOOKS = 2;

const KINDS = ['instances', 'volumes', 'snapshots', 'securityGroups'] as const;

/**
 * Deletes by tag what is left of the cluster, and proves to be the cluster's: instances, then volumes, snapshots and groups as they come free. Ends only when nothing
 * is left. What someone else holds (termination protection, a group in use) is tried again by Temporal, with the reason in
 * the pending activity's last failure.
 *
 * @returns what it found, each id once
 */
export async function sweep(deps: ActivityDeps, attempt: Attempt, input: Scope): Promise<SweepResult> {
  const ec2 = deps.clients.ec2(input.region);
  await requireClaim(deps, input);
  const owner = await ownerOf(deps, input);
  const before = attempt.resumed as SweepResult | undefined;
  const found: SweepResult = before ?? { instances: [], volumes: [], snapshots: [], securityGroups: [] };
  let empty = 0;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const left = await lookAndDelete(deps, ec2, owner, attempt);
    for (const kind of KINDS) found[kind] = [...new Set([...found[kind], ...left[kind]])];
    const count = KINDS.reduce((sum, kind) => sum + left[kind].length, 0);
    attempt.heartbeat(found);
    empty = count === 0 ? empty + 1 : 0;
    if (empty >= LOOKS) break;
    await attempt.sleep(empty > 0 ? FIRST_PAUSE_MS : pause);
    if (count > 0) pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
  }
  return found;
}

/** One round. Instances first: what hangs on them is free only when they are gone. */
async function lookAndDelete(deps: ActivityDeps, ec2: EC2Client, owner: Owner, attempt: Attempt): Promise<SweepResult> {
  const [tagged, volumes, snapshots, named] = await Promise.all([
    findOwned(ec2, owner, attempt.signal),
    findVolumes(ec2, owner),
    keptSnapshots(ec2, ownedBy(owner)),
    findGroups(ec2, ownedBy(owner)),
  ]);
  const { own: instances, foreign } = await judgeInstances(deps, owner, tagged, 'cluster');
  const groups = named.filter((group) => isOwnGroup(group, owner));
  if (foreign.length > 0) attempt.log.warn('foreign instances carry the tags and are left alone', { foreign });
  const going = instances.filter((instance) => instance.State?.Name === 'shutting-down');
  const ids = (list: typeof instances): string[] => list.flatMap((instance) => instance.InstanceId ?? []);
  await terminate(
    ec2,
    ids(instances).filter((id) => !ids(going).includes(id)),
  );
  const left: SweepResult = {
    instances: ids(instances),
    volumes: volumes.flatMap((volume) => volume.VolumeId ?? []),
    snapshots: snapshots.flatMap((one) => one.SnapshotId ?? []),
    securityGroups: groups.flatMap((group) => group.GroupId ?? []),
  };
  if (instances.length > 0) return left;
  for (const volume of volumes) if (volume.State === 'available') await deleteVolume(ec2, volume.VolumeId ?? '');
  await closeReferences(ec2, groups);
  for (const id of left.snapshots) await deleteSnapshot(ec2, id);
  for (const id of left.securityGroups) await deleteGroup(ec2, id, attempt);
  return left;
}

async function findVolumes(ec2: EC2Client, owner: Owner): Promise<Volume[]> {
  try {
    const all = await allPages(
      paginateDescribeVolumes({ client: ec2 }, { Filters: ownedBy(owner) }),
      (page) => page.Volumes,
    );
    return all.filter((volume) => volume.State !== 'deleting' && volume.State !== 'deleted');
  } catch (error) {
    throw toFailure(error, 'DescribeVolumes by tag');
  }
}

async function deleteVolume(ec2: EC2Client, VolumeId: string): Promise<void> {
  try {
    await ec2.send(new DeleteVolumeCommand({ VolumeId }));
  } catch (error) {
    // Gone with its instance, or attached again by someone: the next look tells.
    if (!hasCode(error, 'InvalidVolume.NotFound', 'VolumeInUse')) throw toFailure(error, `DeleteVolume ${VolumeId}`);
  }
}

async function deleteSnapshot(ec2: EC2Client, SnapshotId: string): Promise<void> {
  try {
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
  } catch (error) {
    if (!hasCode(error, 'InvalidSnapshot.NotFound')) throw toFailure(error, `DeleteSnapshot ${SnapshotId}`);
  }
}

/** How long a group may stay in use before that is told as a failure: interfaces outlive their instance by moments. */
const IN_USE_PATIENCE_MS = 60_000;

async function deleteGroup(ec2: EC2Client, GroupId: string, attempt: Attempt): Promise<void> {
  try {
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  } catch (error) {
    if (hasCode(error, 'InvalidGroup.NotFound')) return;
    const failure: ApplicationFailure = toFailure(error, `DeleteSecurityGroup ${GroupId}`);
    if (!hasCode(error, 'DependencyViolation') || Date.now() - attempt.since > IN_USE_PATIENCE_MS) throw failure;
    attempt.log.info('security group still in use', { securityGroupId: GroupId });
  }
}
