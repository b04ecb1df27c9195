import { recordInstalled } from '../../../model/k3s/installed.js';
import { parseVersion } from '../../../model/k3s/version.js';
import { withMeasured } from '../../../model/measured.js';
import type { NodeObservation } from '../../../model/observation.js';
import type { Slot } from '../../../model/state.js';
import { runJob } from '../../lib/node-job.js';
import { type Cluster, emit, now } from '../context.js';
import { recordObservedNodes } from '../observe/kubernetes.js';

/** Answers of the probe script about a node. */
interface Seen {
  /** Version of the installed binary. */
  installed: string | null;
  /** Fingerprint and version of the service's last start; empty when it never started. */
  hash: string;
  version: string;
  active: boolean;
  /** Whether the API of a server answers. */
  ready: boolean;
  bootstrapServer: boolean;
}

/**
 * Rebuilds what a lost workflow knew of its nodes: what is installed, what runs and with which configuration, who is a member, who
 * bootstrapped the cluster. If a server answers, Kubernetes decides on membership; else the nodes' own notes do.
 *
 * @param tokens whether the bucket has the tokens: the bootstrap server stores them at the end of the bootstrap
 */
export async function inspectNodes(cluster: Cluster, tokens: boolean): Promise<void> {
  const slots = Object.values(cluster.state.slots);
  const seen = new Map<string, Seen>();
  await Promise.all(
    slots
      .filter((slot) => slot.instance?.power === 'running')
      .map(async (slot) => void seen.set(slot.name, await probe(cluster, slot))),
  );
  const nodes = await askKubernetes(cluster, slots, seen);
  for (const slot of slots) {
    takeOver(cluster, slot, seen.get(slot.name));
    slot.joined = isMember(slot, seen.get(slot.name), nodes, tokens);
    const cordoned = nodes?.find((node) => node.name === slot.nodeName)?.schedulable === false;
    if (cordoned) emit(cluster, 'Normal', 'FoundCordoned', `${slot.nodeName} is cordoned: it will be uncordoned`);
    slot.cordoned = cordoned;
  }
  cluster.state.bootstrapServer = bootstrapServerOf(slots, seen);
  resumeBootstrap(cluster, slots, tokens);
}

async function probe(cluster: Cluster, slot: Slot): Promise<Seen> {
  const told = await runJob(cluster, slot, {
    script: 'probe',
    summary: 'ask what runs on it',
    params: { ROLE: slot.role },
    timeoutSeconds: 60,
  });
  const [hash = '', version = ''] = (told['started-with'] ?? '').split(' ');
  return {
    installed: parseVersion(told['version'] ?? '') === null ? null : (told['version'] ?? null),
    hash,
    version,
    active: told['service'] === 'active',
    ready: told['readyz'] === 'ok',
    bootstrapServer: told['bootstrap-server'] === 'true',
  };
}

/** Returns the nodes as a server that answers knows them; null when none does. */
async function askKubernetes(
  cluster: Cluster,
  slots: Slot[],
  seen: Map<string, Seen>,
): Promise<NodeObservation[] | null> {
  const witness = slots.find((slot) => slot.role === 'server' && seen.get(slot.name)?.ready);
  if (witness === undefined) return null;
  const result = await runJob(cluster, witness, {
    script: 'verify',
    summary: 'observe nodes and etcd voters',
    params: {},
    timeoutSeconds: 60,
  });
  recordObservedNodes(cluster, result);
  return cluster.state.observedNodes?.nodes ?? null;
}

function takeOver(cluster: Cluster, slot: Slot, seen: Seen | undefined): void {
  if (seen === undefined) return;
  slot.service = seen.active ? 'running' : 'stopped';
  slot.measured = withMeasured(slot, now(), 'service');
  slot.configHash = seen.hash === '' ? null : seen.hash;
  // A replaced binary is not in force while the service still runs the old one.
  recordInstalled(cluster.state, slot, seen.active && seen.version !== '' ? seen.version : seen.installed);
}

/** A node that is not a member yet joins, which is harmless if it has begun to; a member must never bootstrap another cluster. */
function isMember(slot: Slot, seen: Seen | undefined, nodes: NodeObservation[] | null, tokens: boolean): boolean {
  if (nodes !== null) {
    const node = nodes.find((one) => one.name === slot.nodeName);
    return slot.role === 'server' ? node?.voter === true : node !== undefined;
  }
  // Nothing stops the instances of a cluster that is still being bootstrapped.
  return seen === undefined ? tokens : seen.hash !== '';
}

/** Identified by cluster-init in its configuration or, if the cluster is stopped, by its place. */
function bootstrapServerOf(slots: Slot[], seen: Map<string, Seen>): string | null {
  const known = slots.find((slot) => seen.get(slot.name)?.bootstrapServer);
  const asleep = slots.find((slot) => slot.name === 'server-0' && slot.generation === 1 && !seen.has(slot.name));
  const bootstrapServer = known ?? asleep;
  return bootstrapServer === undefined ? null : `${bootstrapServer.name}#${bootstrapServer.generation}`;
}

/** Without its tokens in the bucket the bootstrap server is not done: the bootstrap continues, and running services keep running. */
function resumeBootstrap(cluster: Cluster, slots: Slot[], tokens: boolean): void {
  const members = slots.filter((slot) => slot.role === 'server' && slot.joined);
  const [only] = members;
  if (tokens || only === undefined || members.length > 1) return;
  if (cluster.state.bootstrapServer === `${only.name}#${only.generation}`) only.joined = false;
}
