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
import { judgeInstances, ownerOf } from './proof.js';

/** What carries a cluster's name in the installation, of all lives of the name. Instances that are terminated are listed, too. */
export interface Named {
  instances: Instance[];
  groups: SecurityGroup[];
}

export async function listNamed(deps: ActivityDeps, attempt: Attempt, input: Scope): Promise<Named> {
  const { id } = await deps.installation();
  const ec2 = deps.clients.ec2(input.region);
  const filters = [
    { Name: `tag:${TAG.installation}`, Values: [id] },
    { Name: `tag:${TAG.cluster}`, Values: [input.cluster] },
  ];
  const [instances, groups] = await Promise.all([
    findInstances(ec2, filters, attempt.signal, 'ever'),
    findGroups(ec2, filters),
  ]);
  return { instances, groups };
}

/** What AWS has of the scope's life of a cluster: AWS is the record of what exists. @returns null when nothing is left of it */
export async function findCluster(deps: ActivityDeps, attempt: Attempt, input: Scope): Promise<FoundCluster | null> {
  return foundOf(deps, input, await listNamed(deps, attempt, input));
}

/** @param recorded ids of instances that a person has confirmed */
export async function foundOf(
  deps: ActivityDeps,
  input: Scope,
  named: Named,
  recorded: readonly string[] = [],
): Promise<FoundCluster | null> {
  const owner = await ownerOf(deps, input);
  const { own, foreign } = await judgeNamed(deps, owner, named.instances, recorded);
  const groups = named.groups.filter((group) => uidOf(group) === owner.uid);
  const living = own.filter(lives);
  const others = [...named.instances.filter(lives), ...named.groups].map(uidOf);
  const otherUids = [...new Set(others.filter((one) => one !== undefined && one !== owner.uid))] as string[];
  if (living.length === 0 && groups.length === 0 && foreign.length === 0) return null;
  const prefix = bucketPrefix(input.cluster);
  const keys = await deps.bucket.list(prefix);
  return {
    uid: owner.uid,
    instances: living.map(instanceView),
    youngest: youngestOf(own),
    securityGroupIds: ownGroupsAmong(groups, owner),
    bucketKeys: keys.map((key) => key.slice(prefix.length)),
    otherUids,
    foreign,
  };
}

/**
 * Of all that carries a cluster's name, the instances of the owner's life of it. Those of other lives that prove to be what their tags say are
 * nothing to worry about; what proves nothing is foreign.
 */
export async function judgeNamed(
  deps: ActivityDeps,
  owner: Owner,
  instances: readonly Instance[],
  recorded: readonly string[] = [],
): Promise<{ own: Instance[]; foreign: FoundCluster['foreign'] }> {
  const mine = instances.filter((one) => uidOf(one) === owner.uid);
  const { own, foreign } = await judgeInstances(deps, owner, mine, 'place', recorded);
  for (const instance of instances.filter((one) => uidOf(one) !== owner.uid)) {
    const theirs = { ...owner, uid: uidOf(instance) ?? '' };
    foreign.push(...(await judgeInstances(deps, theirs, [instance], 'cluster')).foreign);
  }
  const alive = new Set(instances.filter(lives).map(({ InstanceId: id }) => id));
  return { own, foreign: foreign.filter(({ id }) => alive.has(id)) };
}

/** By their names, for others may carry the same tags. */
function ownGroupsAmong(groups: SecurityGroup[], owner: Owner): GroupIds | null {
  const [server, agent] = (['server', 'agent'] as const).map(
    (role) => groups.find((group) => group.GroupName === groupName(owner, role))?.GroupId,
  );
  return server === undefined || agent === undefined ? null : { server, agent };
}

const uidOf = ({ Tags }: Instance | SecurityGroup): string | undefined => tagValue(Tags, TAG.uid);

export const lives = ({ State }: Instance): boolean => State?.Name !== 'shutting-down' && State?.Name !== 'terminated';

/** Terminated ones too: a generation that was used is used up, with its ClientToken and its node's name. */
function youngestOf(instances: Instance[]): FoundCluster['youngest'] {
  const youngest: FoundCluster['youngest'] = {};
  for (const { slot, generation, id } of instances.map(instanceView)) {
    if ((youngest[slot]?.generation ?? 0) < generation) youngest[slot] = { generation, instanceId: id };
  }
  return youngest;
}
