import { confirmedFinding, findingKey } from '../../../model/health/findings.js';
import { UNLISTED_KEY } from '../../../model/health/unlisted.js';
import { lacksCni } from '../../../model/k3s/cni.js';
import { withMeasured } from '../../../model/measured.js';
import { labelLines } from '../../../model/node-labels/wanted.js';
import { joinTarget } from '../../../model/plan/wanted.js';
import type { Slot } from '../../../model/state.js';
import { runJob } from '../../lib/node-job.js';
import { type Cluster, now } from '../context.js';
import { parseNodes, parseStrayMembers } from './parse-nodes.js';

/** Characters of names for which a command has room: those of five hundred nodes, or of two hundred with the longest names. [docs: SSM SendCommand, 64 KiB with its parameters] */
const MOST_AWAITED = 12_800;
/**
 * How long an observation waits for an API server. One that an election holds back answers the next observation; one that is not ready must be
 * named within the minute, and the first of two observations is half of it.
 */
const API_SECONDS = 3;
/** Of labels and taints that one observation compares; more leave no room in the command. */
const MOST_LINES = 500;

interface How {
  /** By default the one that others join at. */
  server?: Slot;
  /** Keelson asks this server only if no other one can answer. */
  except?: string;
  /** See NodeJob. */
  brief?: boolean;
  /** Seconds that the node gives the nodes of the cluster to be Ready and voters before it reports. */
  patience?: number;
  /** Compare labels and taints with the document. */
  withLabels?: boolean;
}

/**
 * One observation of Kubernetes through a server; returns what is not as it should be, in words.
 *
 * @param how whom to ask, and how long it may take
 */
export async function observeKubernetes(
  cluster: Cluster,
  { server, except, brief = false, patience = 0, withLabels = false }: How = {},
): Promise<string[]> {
  const asked = server ?? joinTarget(cluster.state, except) ?? joinTarget(cluster.state);
  if (asked === null) return ['no server is up'];
  const names = Object.values(cluster.state.slots).flatMap((slot) => (isExpected(cluster, slot) ? slot.nodeName : []));
  const labels = withLabels ? labelLines(cluster.state.document, cluster.state, false) : [];
  const awaited = names.join(' ');
  const waits = patience > 0 && awaited.length <= MOST_AWAITED;
  const result = await runJob(cluster, asked, {
    script: 'verify',
    summary: 'observe nodes and etcd voters',
    params: {
      ...(brief && { API_SECONDS: String(API_SECONDS) }),
      ...(waits && { AWAIT: awaited, AWAIT_SECONDS: String(patience) }),
      ...(waits && lacksCni(cluster.state) && { WITHOUT_READY: 'true' }),
      ...(labels.length > 0 && labels.length <= MOST_LINES && { NODE_LABELS: labels.join('\n') }),
    },
    timeoutSeconds: 60 + patience,
    brief,
  });
  recordObservedNodes(cluster, result);
  return missing(cluster);
}

/** Takes over the nodes that a script saw; scripts that did not ask for them leave what is known. */
export function recordObservedNodes(cluster: Cluster, result: Record<string, string>): void {
  const nodes = parseNodes(result, cluster.state);
  if (nodes.length === 0 && result['api'] !== 'ok') return;
  const at = now();
  const strayMembers = parseStrayMembers(result, cluster.state);
  cluster.state.readySeen ||= nodes.some((node) => node.ready);
  cluster.state.observedNodes = { at, nodes, ...(strayMembers.length > 0 && { strayMembers }) };
  cluster.observations.areCurrent = true;
  // A step acts on its observation at once; an observation at rest needs a second one that confirms it.
  if (cluster.state.operation === null) return;
  const { [UNLISTED_KEY]: _, ...findings } = cluster.state.findings;
  cluster.state.findings = findings;
  const names = new Set(nodes.map((node) => node.name));
  for (const slot of Object.values(cluster.state.slots))
    if (names.has(slot.nodeName)) slot.measured = withMeasured(slot, at, 'node');
}

/** The node has just been given what the document asks for. */
export function forgetLabelFinding(cluster: Cluster, slot: Slot): void {
  const { [findingKey(slot.name, 'labels')]: _, ...findings } = cluster.state.findings;
  cluster.state.findings = findings;
}

/** A node was changed: what was seen before does not prove anything any more. */
export function invalidateObservations(cluster: Cluster): void {
  cluster.state.verified = false;
  cluster.observations.areCurrent = false;
  cluster.observations.gateOpenSince = null;
}

const UNHEALTHY = ['service', 'ready', 'voter', 'agent', 'system-check', 'instance-check'] as const;

/** Returns whether its node is to be Ready: a lost or unhealthy node has its own steps, or waits for its time. */
function isExpected(cluster: Cluster, slot: Slot): boolean {
  if (!slot.joined || slot.instance === null) return false;
  return !UNHEALTHY.some((kind) => confirmedFinding(cluster.state, slot.name, kind));
}

/** Returns what the nodes last seen lack, in words. */
export function missing(cluster: Cluster): string[] {
  const { document, observedNodes, slots } = cluster.state;
  const { version } = document.spec.k3s;
  const seen = new Map(observedNodes?.nodes.map((node) => [node.name, node]));
  return Object.values(slots).flatMap((slot) => {
    if (!isExpected(cluster, slot)) return [];
    const node = seen.get(slot.nodeName);
    if (node === undefined) return [`${slot.nodeName} is not registered`];
    if (!node.ready && !lacksCni(cluster.state)) return [`${slot.nodeName} is not Ready`];
    if (node.version !== version && slot.installed === version) return [`${slot.nodeName} runs ${node.version}`];
    return slot.role === 'server' && node.voter !== true ? [`${slot.nodeName} is not a voter`] : [];
  });
}
