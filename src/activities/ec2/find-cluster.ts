import { TAG } from '../../model/tags.js';
import type { FoundCluster, Scope } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { findInstances } from './find-instances.js';
import { instanceView } from './instance-view.js';
import { findGroups } from './security-group.js';

/**
 * What AWS has under a cluster's name, whatever workflow made it: AWS is the record of what exists. Of several lives of the
 * name the youngest counts; the others' uids are returned for people to look at.
 *
 * @returns null when no instance that lives carries the name
 */
export async function findCluster(deps: ActivityDeps, attempt: Attempt, input: Scope): Promise<FoundCluster | null> {
  const ec2 = deps.clients.ec2(input.region);
  const byName = { Name: `tag:${TAG.cluster}`, Values: [input.cluster] };
  const found = await findInstances(ec2, [byName], attempt.signal);
  const living = found.filter((instance) => instance.State?.Name !== 'shutting-down');
  const uidOf = (instance: (typeof living)[number]): string | undefined =>
    instance.Tags?.find((tag) => tag.Key === TAG.uid)?.Value;
  const youngest = living.findLast((instance) => uidOf(instance) !== undefined);
  const uid = youngest === undefined ? undefined : uidOf(youngest);
  if (uid === undefined) return null;
  const groups = await findGroups(ec2, [byName, { Name: `tag:${TAG.uid}`, Values: [uid] }]);
  return {
    uid,
    instances: living.filter((instance) => uidOf(instance) === uid).map(instanceView),
    securityGroupId: groups[0]?.GroupId ?? null,
    otherUids: [...new Set(living.map(uidOf))].filter((one): one is string => one !== undefined && one !== uid),
  };
}
