import type { AwsClients } from '../../aws/clients.js';
import { detailOf, toFailure } from '../../aws/failure.js';
import type { StatusCheck } from '../../model/observation.js';
import type { Subject } from '../../model/observation-failure.js';
import type { Round } from '../../model/watch/blindness.js';
import type { RegionReport, ReportedInstance } from '../../model/watch/region-report.js';
import type { ActivityContext } from '../attempt.js';
import { retryOnce } from '../retry-once.js';
import { saidNothing } from './health-probe.js';
import type { KnownGroup } from './known-groups.js';
import { type KnownInstance, KnownInstances } from './known-instances.js';
import { Ration } from './ration.js';
import { RegionLists } from './region-lists.js';

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
  /** What the long lists took, which have a ration of their own, in milliseconds. */
  listMs: number;
  /** What the watch could not observe. */
  round: Round;
}

/** Last known content of the lists, which counts while they cannot be read. */
export class RegionMemory {
  readonly instances = new KnownInstances();
  groups: readonly KnownGroup[] = [];
  /** Of the lists of all instances and groups. */
  readonly ration = new Ration();
  failing: ReadonlyMap<string, StatusCheck[]> = new Map();
  lostAgents: ReadonlySet<string> = new Set();
  /** What servers say is wrong with their K3s, by instance. */
  k3s: ReadonlyMap<string, string> = new Map();
}

/** Beyond that many clusters a list of all instances costs less. */
const MOST_CLUSTERS = 1_000;

/**
 * Lists the instances of the installation in the region, and the rules of the managed security groups, page by page. It asks only for
 * unhealthy agents and status checks: a region of three thousand healthy instances takes half a dozen calls. While the long lists are not due, it asks for the
 * instances that do not run, and then for those of the clusters that have changed: what is reported of a cluster is always listed in the same round. A refused list does
 * not hide the others; without the instances there is nothing to report.
 *
 * @param memory takes over what was observed
 * @param changedIn returns the clusters that would be reported
 * @throws the signal's reason, nothing else
 */
export async function observeRegion(
  clients: AwsClients,
  region: string,
  installation: string,
  memory: RegionMemory,
  attempt: Pick<ActivityContext, 'signal' | 'sleep'>,
  changedIn: (clusters: ReadonlyMap<string, ClusterObservation>) => string[],
): Promise<RegionObservation> {
  const { signal } = attempt;
  const round: Round = {};
  const lists = new RegionLists(clients, region, installation, signal);
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
  let listMs = 0;
  let isWhole = false;
  const fresh = new Set<string>();
  const listAll = async (): Promise<boolean> => {
    const began = performance.now();
    const [instances, groups] = await Promise.all([
      seen('instances', () => lists.instances(NOT_GONE)),
      seen('groups', () => lists.groups()),
    ]);
    if (instances !== null) memory.instances.takeAll(instances);
    memory.groups = groups ?? memory.groups;
    listMs = performance.now() - began;
    if (instances !== null && groups !== null) memory.ration.spent(began, listMs);
    isWhole = true;
    return instances !== null;
  };
  const listClusters = async (names: ReadonlySet<string>): Promise<boolean> => {
    if (names.size === 0) return true;
    if (names.size > MOST_CLUSTERS) return await listAll();
    const [instances, groups] = await Promise.all([
      seen('instances', () => lists.instances(NOT_GONE, names)),
      seen('groups', () => lists.groups(names)),
    ]);
    if (instances === null) return false;
    memory.instances.takeClusters(names, instances);
    if (groups !== null) memory.groups = [...memory.groups.filter((one) => !names.has(one.cluster)), ...groups];
    for (const name of names) fresh.add(name);
    return true;
  };
  const listInstances = async (): Promise<boolean> => {
    if (memory.ration.isDue(performance.now())) return await listAll();
    const notRunning = await seen('instances', () => lists.instances(NOT_RUNNING));
    return notRunning !== null && (await listClusters(memory.instances.differing(notRunning)));
  };
  const [isListed, failing, lost] = await Promise.all([
    listInstances(),
    seen('checks', () => lists.failing()),
    seen('agents', () => lists.lostAgents()),
  ]);
  memory.failing = failing ?? memory.failing;
  memory.lostAgents = lost ?? memory.lostAgents;
  let clusters = isListed ? clustersOf(memory) : null;
  if (clusters !== null && !isWhole) {
    const unsure = new Set(changedIn(clusters).filter((name) => !fresh.has(name)));
    clusters = (await listClusters(unsure)) ? clustersOf(memory) : null;
  }
  return { clusters, instances: memory.instances.size, calls: lists.calls, listMs, round };
}

/** An instance that shuts down for good is gone for Keelson, and EC2 lists it for an hour. [docs: EC2 instance lifecycle] */
const NOT_GONE = ['pending', 'running', 'stopping', 'stopped'] as const;
const NOT_RUNNING = ['pending', 'stopping', 'stopped', 'shutting-down', 'terminated'] as const;

function clustersOf(memory: RegionMemory): Map<string, ClusterObservation> {
  const clusters = new Map<string, ClusterObservation>();
  for (const instance of memory.instances.all()) {
    const { cluster, uid } = instance;
    if (cluster === null) continue;
    const life = clusters.get(`${cluster}/${uid}`) ?? {
      cluster,
      regionReport: { uid, whole: true, seen: [], groups: {} },
    };
    clusters.set(`${cluster}/${uid}`, life);
    // A starting instance says nothing yet, except that it is not gone: the step that starts it waits for it, and it saves one report.
    if (instance.state === 'pending') life.regionReport.starting = [...(life.regionReport.starting ?? []), instance.id];
    else life.regionReport.seen.push(reportedInstanceOf(instance, memory));
  }
  for (const { id, cluster, uid, digest } of memory.groups) {
    const report = clusters.get(`${cluster}/${uid}`)?.regionReport;
    if (report?.groups === undefined) continue;
    // In a fixed order, because the report is compared as text.
    const groups = Object.entries({ ...report.groups, [id]: digest });
    report.groups = Object.fromEntries(groups.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  for (const { regionReport } of clusters.values()) regionReport.seen.sort((a, b) => (a.id < b.id ? -1 : 1));
  return clusters;
}

function reportedInstanceOf(
  { id, state, type, groups }: KnownInstance,
  { failing, lostAgents, k3s }: RegionMemory,
): ReportedInstance {
  const said = k3s.get(id);
  const checks = failing.get(id);
  const runs = state === 'running';
  const isLost = lostAgents.has(id);
  // That its agent is lost says as much.
  const tells = said !== undefined && !(isLost && saidNothing(said));
  return {
    id,
    // A transition counts as its end: one report instead of two.
    state: state === 'stopping' ? 'stopped' : state,
    type,
    ...(groups !== undefined && { groups }),
    ...(runs && checks !== undefined && { failedChecks: checks }),
    ...(runs && isLost && { agentLost: true as const }),
    ...(runs && tells && { k3s: said }),
  };
}
