import type { Instance, SecurityGroup } from '@aws-sdk/client-ec2';
import { type Named, namedKey } from '../../aws/readers.js';
import { regionProblem } from '../../aws/region-names.js';
import { groupName } from '../../aws/security-groups/find.js';
import { tagValue } from '../../aws/tags.js';
import { bucketPrefix } from '../../model/bucket.js';
import { DRILL_SLOT } from '../../model/drill/state.js';
import type { GroupIds } from '../../model/security-groups/keys.js';
import { type Owner, TAG } from '../../model/tags.js';
import type { CallContext, FoundCluster } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { sharedAnswer } from '../shared-answer.js';
import { instanceView } from './instance-view.js';
import { judgeInstances, ownerOf } from './proof.js';

/**
 * Finds what carries a cluster's name in the installation, terminated instances included, whatever the uid; in one call for all names of the region that are
 * claimed at about the same time.
 *
 * @throws a failure `RegionUnknown` or `OptInRequired` if the account does not have the region. The preflight beside it says the same: the first of both ends the create
 */
export async function listNamed(deps: ActivityDeps, attempt: ActivityContext, input: CallContext): Promise<Named> {
  const { id } = await deps.installation();
  const { named } = deps.readers(input.region);
  const attempted = `DescribeInstances and DescribeSecurityGroups by the tags of ${input.cluster}`;
  try {
    const found = await sharedAnswer(attempt, attempted, named.next(namedKey(id, input.cluster)));
    return found ?? { instances: [], groups: [] };
  } catch (error) {
    if (attempt.signal.aborted) throw error;
    throw (await regionProblem(deps.clients, input.region, error)) ?? error;
  }
}

/** Finds what AWS has of the cluster: AWS is the record of what exists. @returns null when nothing is left of it */
export async function findCluster(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: CallContext,
): Promise<FoundCluster | null> {
  return foundOf(deps, input, await listNamed(deps, attempt, input));
}

/** @param recorded ids of instances that a person has confirmed */
export async function foundOf(
  deps: ActivityDeps,
  input: CallContext,
  named: Named,
  recorded: readonly string[] = [],
): Promise<FoundCluster | null> {
  const owner = await ownerOf(deps, input);
  const { own, foreign } = await judgeNamed(deps, owner, named.instances, recorded);
  const groups = named.groups.filter((group) => uidOf(group) === owner.uid);
  const living = own.filter((one) => lives(one) && !isOfDrill(one));
  const others = [...named.instances.filter(lives), ...named.groups].map(uidOf);
  const otherUids = [...new Set(others.filter((one) => one !== undefined && one !== owner.uid))] as string[];
  if (living.length === 0 && groups.length === 0 && foreign.length === 0) return null;
  const prefix = bucketPrefix(input.cluster);
  const keys = await deps.bucket.list(prefix);
  return {
    uid: owner.uid,
    instances: living.map(instanceView),
    youngest: youngestOf(own),
    ...drillOf(own),
    securityGroupIds: ownGroupsAmong(groups, owner),
    bucketKeys: keys.map((key) => key.slice(prefix.length)),
    otherUids,
    foreign,
  };
}

/**
 * Separates the cluster's own instances from all that carry its name. Instances of earlier clusters that prove what their tags say are
 * harmless; instances without proof are foreign.
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

/** By their names, because others may carry the same tags. */
function ownGroupsAmong(groups: SecurityGroup[], owner: Owner): GroupIds | null {
  const [server, agent] = (['server', 'agent'] as const).map(
    (role) => groups.find((group) => group.GroupName === groupName(owner, role))?.GroupId,
  );
  return server === undefined ? null : { server, agent: agent ?? null };
}

function drillOf(own: readonly Instance[]): Pick<FoundCluster, 'drill'> {
  const [machine] = own.filter((one) => lives(one) && isOfDrill(one)).map(instanceView);
  return machine === undefined ? {} : { drill: { generation: machine.generation, since: machine.launchedAt } };
}

/** The machine of a drill takes no place in its cluster; its generation counts. */
const isOfDrill = ({ Tags }: Instance): boolean => tagValue(Tags, TAG.slot) === DRILL_SLOT;

const uidOf = ({ Tags }: Instance | SecurityGroup): string | undefined => tagValue(Tags, TAG.uid);

export const lives = ({ State }: Instance): boolean => State?.Name !== 'shutting-down' && State?.Name !== 'terminated';

/** Terminated ones too: their generation is used up, with its ClientToken and its node's name. */
function youngestOf(instances: Instance[]): FoundCluster['youngest'] {
  const youngest: FoundCluster['youngest'] = {};
  for (const { slot, generation, id } of instances.map(instanceView)) {
    if ((youngest[slot]?.generation ?? 0) < generation) youngest[slot] = { generation, instanceId: id };
  }
  return youngest;
}
