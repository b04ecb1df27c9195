import {
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  type EC2Client,
  type Filter,
  paginateDescribeVolumes,
  type Volume,
} from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import { hasCode } from '../../aws/error-code.js';
import { detailOf, toFailure } from '../../aws/failure.js';
import { allPages } from '../../aws/pages.js';
import { findGroups, isOwnGroup } from '../../aws/security-groups/find.js';
import { closeReferences } from '../../aws/security-groups/references.js';
import { ownedBy } from '../../aws/tags.js';
import { DRILL_SLOT } from '../../model/drill/state.js';
import type { Trouble } from '../../model/retry.js';
import { type Owner, TAG } from '../../model/tags.js';
import type { SweepInput, SweepResult } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { findInstances } from './find-instances.js';
import { judgeInstances, ownerOf } from './proof.js';
import { keptSnapshots } from './save-root-volume.js';
import { terminate } from './terminate.js';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A drill has one machine, whose minutes cost and which a person may wait for. */
const LONGEST_PAUSE_OF_DRILL_MS = 1_000;
/** What was made a moment ago may not be listed yet [docs: EC2 eventual consistency]: nothing must be seen twice. */
const LOOKS = 2;

const KINDS = ['instances', 'volumes', 'snapshots', 'securityGroups'] as const;

/**
 * Deletes by tag what is left of the cluster, and proves to be the cluster's: instances, then volumes, snapshots and groups as they come free. Ends only when nothing
 * is left. What someone else holds (termination protection, a group in use) is tried again by Temporal, with the reason in
 * the pending activity's last failure.
 *
 * @param input with `only: 'drill'` what a drill has left, and nothing else of the cluster
 * @returns what it found, each id once
 */
export async function sweep(deps: ActivityDeps, attempt: ActivityContext, input: SweepInput): Promise<SweepResult> {
  const ec2 = deps.clients.ec2(input.region);
  // A drill removes its own resources, also when another workflow has claimed the name since.
  if (input.only === undefined) await requireClaim(deps, input);
  const owner = await ownerOf(deps, input);
  const before = attempt.resumed as SweepResult | undefined;
  const found: SweepResult = before ?? { instances: [], volumes: [], snapshots: [], securityGroups: [] };
  let empty = 0;
  const longest = input.only === 'drill' ? LONGEST_PAUSE_OF_DRILL_MS : LONGEST_PAUSE_MS;
  let pause = FIRST_PAUSE_MS;
  let seen = '';
  for (;;) {
    const remaining = await lookAndDelete(deps, ec2, { owner, only: input.only }, attempt);
    for (const kind of KINDS) found[kind] = [...new Set([...found[kind], ...remaining[kind]])];
    const count = KINDS.reduce((sum, kind) => sum + remaining[kind].length, 0);
    attempt.heartbeat(found);
    empty = count === 0 ? empty + 1 : 0;
    if (empty >= LOOKS) break;
    await attempt.sleep(empty > 0 ? FIRST_PAUSE_MS : pause);
    // What follows the end of the machine takes moments.
    const now = JSON.stringify(remaining);
    pause = input.only === 'drill' && now !== seen ? FIRST_PAUSE_MS : Math.min(longest, pause * 1.5);
    seen = now;
  }
  return found;
}

/** One round. Instances first: what hangs on them is free only when they are gone. */
async function lookAndDelete(
  deps: ActivityDeps,
  ec2: EC2Client,
  { owner, only }: { owner: Owner; only: SweepInput['only'] },
  attempt: ActivityContext,
): Promise<SweepResult> {
  const filters = [
    ...ownedBy(owner),
    ...(only === undefined ? [] : [{ Name: `tag:${TAG.slot}`, Values: [DRILL_SLOT] }]),
  ];
  const [tagged, volumes, snapshots, named] = await Promise.all([
    findInstances(ec2, filters, attempt.signal),
    findVolumes(ec2, filters),
    keptSnapshots(ec2, filters),
    findGroups(ec2, filters),
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
  const remaining: SweepResult = {
    instances: ids(instances),
    volumes: volumes.flatMap((volume) => volume.VolumeId ?? []),
    snapshots: snapshots.flatMap((one) => one.SnapshotId ?? []),
    securityGroups: groups.flatMap((group) => group.GroupId ?? []),
  };
  if (instances.length > 0) return remaining;
  for (const volume of volumes) if (volume.State === 'available') await deleteVolume(ec2, volume.VolumeId ?? '');
  await closeReferences(ec2, groups);
  for (const id of remaining.snapshots) await deleteSnapshot(ec2, id);
  for (const id of remaining.securityGroups) await deleteGroup(ec2, id, attempt);
  return remaining;
}

async function findVolumes(ec2: EC2Client, Filters: Filter[]): Promise<Volume[]> {
  try {
    const all = await allPages(paginateDescribeVolumes({ client: ec2 }, { Filters }), (page) => page.Volumes);
    return all.filter((volume) => volume.State !== 'deleting' && volume.State !== 'deleted');
  } catch (error) {
    throw toFailure(error, 'DescribeVolumes by tag');
  }
}

async function deleteVolume(ec2: EC2Client, VolumeId: string): Promise<void> {
  try {
    await ec2.send(new DeleteVolumeCommand({ VolumeId }));
  } catch (error) {
    // Gone with its instance, or attached again by someone: the next observation tells.
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

/** How long a group may stay in use before that is reported as a failure: interfaces outlive their instance by moments. */
const IN_USE_PATIENCE_MS = 60_000;

async function deleteGroup(ec2: EC2Client, GroupId: string, attempt: ActivityContext): Promise<void> {
  try {
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  } catch (error) {
    if (hasCode(error, 'InvalidGroup.NotFound')) return;
    const failure: ApplicationFailure = toFailure(error, `DeleteSecurityGroup ${GroupId}`);
    if (!hasCode(error, 'DependencyViolation') || attempt.age() > IN_USE_PATIENCE_MS) throw failure;
    attempt.log.info('security group still in use', { securityGroupId: GroupId });
    attempt.tell(inUse(failure, attempt));
    return;
  }
  attempt.tell(null);
}

/** A wait like any other at first, and named from the beginning: it may be someone else's network interface, which no one waits out. */
function inUse(failure: ApplicationFailure, { since }: ActivityContext): Trouble {
  const { code, class: errorClass, message, hint } = detailOf(failure);
  return { code, class: errorClass, message, hint, failures: 0, since: new Date(since).toISOString(), nextAt: null };
}
