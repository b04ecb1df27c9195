import type { Instance, SecurityGroup } from '@aws-sdk/client-ec2';
import { findGroups, groupName } from '../../aws/security-groups/find.js';
import { tagValue } from '../../aws/tags.js';
import { bucketPrefix } from '../../model/bucket.js';
import type { GroupIds } from '../../model/security-groups/keys.js';
import { type Owner, TAG } from '../../model/tags.js';
import type { FoundCluster, Scope } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { findInstances } from './find-instances.js';
import { instanceView } from './instance-view.js';

/**
 * What AWS has under a cluster's name, whatever workflow made it: AWS is the record of what exists. Of several lives of the
 * name the one with the youngest living instance counts, else one that has left a security group; the others' uids are
 * returned for people to look at.
 *
 * @returns null when neither an instance that lives nor a group carries the name
 */
export async function findCluster(deps: ActivityDeps, attempt: Attempt, input: Scope): Promise<FoundCluster | null> {
  const ec2 = deps.clients.ec2(input.region);
  const byName = { Name: `tag:${TAG.cluster}`, Values: [input.cluster] };
  const [listed, groups] = await Promise.all([
    findInstances(ec2, [byName], attempt.signal, 'ever'),
    findGroups(ec2, [byName]),
  ]);
  const living = listed.filter(lives);
  const uid =
    living.map(uidOf).findLast((one) => one !== undefined) ?? groups.map(uidOf).find((one) => one !== undefined);
  if (uid === undefined) return null;
  const others = [...living, ...groups].map(uidOf).filter((one) => one !== undefined && one !== uid);
  const prefix = bucketPrefix(input.cluster);
  const keys = await deps.bucket.list(prefix);
  return {
    uid,
    instances: living.filter((instance) => uidOf(instance) === uid).map(instanceView),
    youngest: youngestOf(listed.filter((instance) => uidOf(instance) === uid)),
    securityGroupIds: ownGroupsAmong(groups, { cluster: input.cluster, uid }),
    bucketKeys: keys.map((key) => key.slice(prefix.length)),
    otherUids: [...new Set(others)] as string[],
  };
}

/** By their names, for others may carry the same tags. */
function ownGroupsAmong(groups: SecurityGroup[], owner: Owner): GroupIds | null {
  const ofUid = groups.filter((group) => uidOf(group) === owner.uid);
  const [server, agent] = (['server', 'agent'] as const).map(
    (role) => ofUid.find((group) => group.GroupName === groupName(owner, role))?.GroupId,
  );
  return server === undefined || agent === undefined ? null : { server, agent };
}

const uidOf = ({ Tags }: Instance | SecurityGroup): string | undefined => tagValue(Tags, TAG.uid);

const lives = ({ State }: Instance): boolean => State?.Name !== 'shutting-down' && State?.Name !== 'terminated';

/** Terminated ones too: a generation that was used is used up, with its ClientToken and its node's name. */
function youngestOf(instances: Instance[]): FoundCluster['youngest'] {
  const youngest: FoundCluster['youngest'] = {};
  for (const { slot, generation, id } of instances.map(instanceView)) {
    if ((youngest[slot]?.generation ?? 0) < generation) youngest[slot] = { generation, instanceId: id };
  }
  return youngest;
}
