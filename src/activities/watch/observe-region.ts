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
import { DRILL_SLOT } from '../../model/drill/state.js';
import type { StatusCheck } from '../../model/observation.js';
import type { Subject } from '../../model/observation-failure.js';
import { rulesDigest } from '../../model/security-groups/keys.js';
import { TAG } from '../../model/tags.js';
import type { Round } from '../../model/watch/blindness.js';
import type { RegionReport, ReportedInstance } from '../../model/watch/region-report.js';
import type { ActivityContext } from '../attempt.js';
import { stateOf } from '../ec2/instance-view.js';
import { retryOnce } from '../retry-once.js';

/** One cluster, as the lists of a whole region show it. */
export interface ClusterObservation {
  cluster: string;
  regionReport: RegionReport;
}

export interface RegionObservation {
  /** By cluster and uid; null when the instances could not be listed. */
  clusters: Map<string, ClusterObservation> | null;
  instances: number;
  calls: number;
  /** What the watch could not observe. */
  round: Round;
}

/** Last known content of the lists besides the instances, which counts while they cannot be read. */
export class RegionMemory {
  groups: readonly SecurityGroup[] = [];
  failing: ReadonlyMap<string, StatusCheck[]> = new Map();
  lostAgents: ReadonlySet<string> = new Set();
  /** What servers say is wrong with their K3s, by instance. */
  k3s: ReadonlyMap<string, string> = new Map();
}

/**
 * Lists every instance of the installation in the region, and the rules of every managed security group, page by page. It asks only for
 * unhealthy agents and status checks: a region of three thousand healthy instances takes half a dozen calls. A refused list does not hide
 * the others; without the instances there is nothing to report.
 *
 * @param memory takes over what was observed
 * @throws the signal's reason, nothing else
 */
export async function observeRegion(
  clients: AwsClients,
  region: string,
  installation: string,
  memory: RegionMemory,
  attempt: Pick<ActivityContext, 'signal' | 'sleep'>,
): Promise<RegionObservation> {
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
      const { code, class: errorClass, message, hint } = detailOf(toFailure(error, subject));
      round[subject] = { code, class: errorClass, message, hint: hint };
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

function clustersOf(instances: readonly Instance[], memory: RegionMemory): Map<string, ClusterObservation> {
  const clusters = new Map<string, ClusterObservation>();
  for (const instance of instances) {
    const cluster = tagValue(instance.Tags, TAG.cluster);
    const uid = tagValue(instance.Tags, TAG.uid);
    if (cluster === undefined || uid === undefined || isOfDrill(instance)) continue;
    const life = clusters.get(`${cluster}/${uid}`) ?? {
      cluster,
      regionReport: { uid, whole: true, seen: [], groups: {} },
    };
    clusters.set(`${cluster}/${uid}`, life);
    // A starting instance says nothing yet, except that it is not gone: the step that starts it waits for it, and it saves one report.
    if (instance.State?.Name === 'pending')
      life.regionReport.starting = [...(life.regionReport.starting ?? []), instance.InstanceId ?? ''];
    else life.regionReport.seen.push(reportedInstanceOf(instance, memory));
  }
  for (const group of memory.groups) {
    if (isOfDrill(group)) continue;
    const life = clusters.get(`${tagValue(group.Tags, TAG.cluster)}/${tagValue(group.Tags, TAG.uid)}`);
    if (life === undefined) continue;
    const rules = { ...life.regionReport.groups, [group.GroupId ?? '']: rulesDigest(ruleKeysIn(group)) };
    // In a fixed order, because the report is compared as text.
    life.regionReport.groups = Object.fromEntries(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  for (const { regionReport } of clusters.values()) regionReport.seen.sort((a, b) => (a.id < b.id ? -1 : 1));
  return clusters;
}

/** A drill has a workflow of its own that manages what it has made. */
const isOfDrill = ({ Tags }: Instance | SecurityGroup): boolean => tagValue(Tags, TAG.slot) === DRILL_SLOT;

function reportedInstanceOf(instance: Instance, { failing, lostAgents, k3s }: RegionMemory): ReportedInstance {
  const id = instance.InstanceId ?? '';
  const state = stateOf(instance);
  const said = k3s.get(id);
  const checks = failing.get(id);
  const runs = state === 'running';
  return {
    id,
    // A transition counts as its end: one report instead of two.
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
    // An instance that shuts down for good is gone for Keelson, and EC2 lists it for an hour. [docs: EC2 instance lifecycle]
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
 * Filters of one call add up, and either check may fail: so two calls. They know no tags and list all failing instances of the account,
 * which are few. The cluster handles the check of EBS volumes: a node whose volume fails is not Ready.
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
 * Lists agents that SSM knows and does not hear: all of the account's, because SSM refuses a second tag filter [docs: SSM
 * DescribeInstanceInformation; `Cannot mix tag or inventory filter with any other filter`, danmx/sigil#61]. SSM leaves out stopped and
 * terminated instances, so that there are few. The launching step waits for an agent that never registered.
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
    // The refused call counts as one.
    calls.count += 1;
    throw toFailure(error, attempted);
  }
}
