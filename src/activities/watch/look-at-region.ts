import {
  type EC2Client,
  type Instance,
  paginateDescribeInstanceStatus,
  paginateDescribeInstances,
  paginateDescribeSecurityGroups,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import { paginateDescribeInstanceInformation } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../../aws/clients.js';
import { detailOf, toFailure } from '../../aws/failure.js';
import { ruleKeysIn } from '../../aws/security-groups/rules.js';
import { tagValue } from '../../aws/tags.js';
import type { StatusCheck } from '../../model/observation.js';
import type { Subject } from '../../model/observation-failure.js';
import { rulesDigest } from '../../model/security-groups/keys.js';
import { TAG } from '../../model/tags.js';
import type { Round } from '../../model/watch/blindness.js';
import type { Sight, Sighting } from '../../model/watch/sight.js';
import type { Attempt } from '../attempt.js';
import { stateOf } from '../ec2/instance-view.js';
import { retryOnce } from '../retry-once.js';

/** One life of a cluster, as a whole region's lists show it. */
export interface ClusterSight {
  cluster: string;
  sight: Sight;
}

export interface RegionSight {
  /** By cluster and uid; null when the instances could not be listed. */
  clusters: Map<string, ClusterSight> | null;
  instances: number;
  calls: number;
  /** What could not be seen. */
  round: Round;
}

/** What the lists besides the instances said when they could be read last: it stays known while they cannot. */
export class RegionMemory {
  groups: readonly SecurityGroup[] = [];
  failing: ReadonlyMap<string, StatusCheck[]> = new Map();
  lostAgents: ReadonlySet<string> = new Set();
  /** What servers say is wrong with their K3s, by instance. */
  k3s: ReadonlyMap<string, string> = new Map();
}

/**
 * Lists every instance of the installation in the region, and the rules of every managed security group, page by page. Of agents and status checks only those
 * are asked for that are not well: a region of three thousand instances that are well is seen in half a dozen calls. A list that is refused does
 * not hide the others; only without the instances nothing can be reported.
 *
 * @param memory takes over what was seen
 * @throws the signal's reason, nothing else
 */
export async function lookAtRegion(
  clients: AwsClients,
  region: string,
  installation: string,
  memory: RegionMemory,
  attempt: Pick<Attempt, 'signal' | 'sleep'>,
): Promise<RegionSight> {
  const { signal } = attempt;
  const calls = { count: 0 };
  const ec2 = clients.ec2(region);
  const round: Round = {};
  const seen = async <T>(subject: Subject, list: () => Promise<T>): Promise<T | null> => {
    try {
      const listed = await retryOnce(attempt, subject, list);
      round[subject] = null;
      return listed;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const { code, class: errorClass, message, advice } = detailOf(toFailure(error, subject));
      round[subject] = { code, class: errorClass, message, hint: advice };
      return null;
    }
  };
  const [instances, groups, failing, lost] = await Promise.all([
    seen('instances', () => listInstances(ec2, installation, calls, signal)),
    seen('groups', () => listGroups(ec2, installation, calls, signal)),
    seen('checks', () => listFailing(ec2, calls, signal)),
    seen('agents', () => listLostAgents(clients, region, calls, signal)),
  ]);
  memory.groups = groups ?? memory.groups;
  memory.failing = failing ?? memory.failing;
  memory.lostAgents = lost ?? memory.lostAgents;
  return {
    clusters: instances === null ? null : clustersOf(instances, memory),
    instances: instances?.length ?? 0,
    calls: calls.count,
    round,
  };
}

function clustersOf(instances: readonly Instance[], memory: RegionMemory): Map<string, ClusterSight> {
  const clusters = new Map<string, ClusterSight>();
  for (const instance of instances) {
    const cluster = tagValue(instance.Tags, TAG.cluster);
    const uid = tagValue(instance.Tags, TAG.uid);
    // Launching tells nothing yet: the step that launches waits for it, and it is one picture less.
    if (cluster === undefined || uid === undefined || instance.State?.Name === 'pending') continue;
    const life = clusters.get(`${cluster}/${uid}`) ?? { cluster, sight: { uid, whole: true, seen: [], groups: {} } };
    clusters.set(`${cluster}/${uid}`, life);
    life.sight.seen.push(sightingOf(instance, memory));
  }
  for (const group of memory.groups) {
    const life = clusters.get(`${tagValue(group.Tags, TAG.cluster)}/${tagValue(group.Tags, TAG.uid)}`);
    if (life === undefined) continue;
    const rules = { ...life.sight.groups, [group.GroupId ?? '']: rulesDigest(ruleKeysIn(group)) };
    // In one order, for the picture is compared as text.
    life.sight.groups = Object.fromEntries(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  for (const { sight } of clusters.values()) sight.seen.sort((a, b) => (a.id < b.id ? -1 : 1));
  return clusters;
}

function sightingOf(instance: Instance, { failing, lostAgents, k3s }: RegionMemory): Sighting {
  const id = instance.InstanceId ?? '';
  const state = stateOf(instance);
  const said = k3s.get(id);
  const checks = failing.get(id);
  const runs = state === 'running';
  return {
    id,
    // On its way there is as good as there: one picture instead of two.
    state: state === 'stopping' ? 'stopped' : state,
    type: instance.InstanceType ?? '',
    ...(runs && checks !== undefined && { failedChecks: checks }),
    ...(runs && lostAgents.has(id) && { agentLost: true as const }),
    ...(runs && said !== undefined && { k3s: said }),
  };
}

interface Calls {
  count: number;
}

async function listInstances(
  ec2: EC2Client,
  installation: string,
  calls: Calls,
  abortSignal: AbortSignal,
): Promise<Instance[]> {
  const Filters = [
    { Name: `tag:${TAG.installation}`, Values: [installation] },
    // What goes down for good is gone for us, and stays listed for an hour. [docs: EC2 instance lifecycle]
    { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] },
  ];
  return counted(calls, 'DescribeInstances by tag', abortSignal, async (all) => {
    const pages = paginateDescribeInstances({ client: ec2, pageSize: 1_000 }, { Filters }, { abortSignal });
    for await (const page of pages) {
      calls.count += 1;
      for (const reservation of page.Reservations ?? []) all.push(...(reservation.Instances ?? []));
    }
  });
}

/** With their rules; a thousand a page, as EC2 allows. */
async function listGroups(
  ec2: EC2Client,
  installation: string,
  calls: Calls,
  abortSignal: AbortSignal,
): Promise<SecurityGroup[]> {
  const Filters = [{ Name: `tag:${TAG.installation}`, Values: [installation] }];
  return counted(calls, 'DescribeSecurityGroups by tag', abortSignal, async (all) => {
    const pages = paginateDescribeSecurityGroups({ client: ec2, pageSize: 1_000 }, { Filters }, { abortSignal });
    for await (const page of pages) {
      calls.count += 1;
      all.push(...(page.SecurityGroups ?? []));
    }
  });
}

/**
 * Filters of one call add up, and either check may fail: so two calls. They know no tags; the account's few instances that fail are all
 * listed. The check of EBS volumes is left to the cluster: what its node is kept from by a volume is not Ready.
 */
async function listFailing(
  ec2: EC2Client,
  calls: Calls,
  abortSignal: AbortSignal,
): Promise<Map<string, StatusCheck[]>> {
  const lists = (['system', 'instance'] as const).map((check) => {
    const Filters = [{ Name: `${check}-status.status`, Values: ['impaired'] }];
    return counted<[string, StatusCheck]>(
      calls,
      `DescribeInstanceStatus by ${check}-status.status`,
      abortSignal,
      async (all) => {
        for await (const page of paginateDescribeInstanceStatus({ client: ec2 }, { Filters }, { abortSignal })) {
          calls.count += 1;
          for (const { InstanceId: id } of page.InstanceStatuses ?? []) if (id !== undefined) all.push([id, check]);
        }
      },
    );
  });
  const failing = new Map<string, StatusCheck[]>();
  for (const [id, check] of (await Promise.all(lists)).flat()) failing.set(id, [...(failing.get(id) ?? []), check]);
  return failing;
}

/**
 * Agents that SSM knows and does not hear: all of the account's, for a tag filter cannot stand beside another one
 * [docs: SSM DescribeInstanceInformation; `Cannot mix tag or inventory filter with any other filter`, danmx/sigil#61]. SSM leaves out
 * instances that are stopped or terminated, so that there are few. One that never registered is waited for by the step that made its instance.
 */
async function listLostAgents(
  clients: AwsClients,
  region: string,
  calls: Calls,
  abortSignal: AbortSignal,
): Promise<Set<string>> {
  // One value: ResourceType is refused with two [boto3#3027]. `Inactive` is deprecated [docs].
  const Filters = [{ Key: 'PingStatus', Values: ['ConnectionLost'] }];
  const lost = await counted<string>(calls, 'DescribeInstanceInformation', abortSignal, async (all) => {
    const pages = paginateDescribeInstanceInformation(
      { client: clients.ssm(region), pageSize: 50 },
      { Filters },
      { abortSignal },
    );
    for await (const page of pages) {
      calls.count += 1;
      all.push(...(page.InstanceInformationList ?? []).flatMap((one) => one.InstanceId ?? []));
    }
  });
  return new Set(lost);
}

async function counted<T>(
  calls: Calls,
  attempted: string,
  abortSignal: AbortSignal,
  read: (all: T[]) => Promise<void>,
): Promise<T[]> {
  const all: T[] = [];
  try {
    await read(all);
    return all;
  } catch (error) {
    if (abortSignal.aborted) throw error;
    // The refused call was one, too.
    calls.count += 1;
    throw toFailure(error, attempted);
  }
}
