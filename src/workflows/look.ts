import { believed } from '../model/care/findings.js';
import { joinTarget } from '../model/plan/wanted.js';
import { type Cluster, now } from './cluster-context.js';
import { runJob } from './node-job.js';
import { parseNodes } from './nodes-seen.js';

/** One look at Kubernetes through a server; returns what is not as it should be, in words. */
export async function look(cluster: Cluster, how: { brief?: boolean } = {}): Promise<string[]> {
  const server = joinTarget(cluster.state);
  if (server === null) return ['no server is up'];
  const result = await runJob(cluster, server, {
    script: 'verify',
    summary: 'see nodes and voters',
    params: {},
    timeoutSeconds: 60,
    ...how,
  });
  sawNodes(cluster, result);
  return missing(cluster);
}

/** Takes over the nodes that a script saw; scripts that saw none leave what is known. */
export function sawNodes(cluster: Cluster, result: Record<string, string>): void {
  const nodes = parseNodes(result);
  if (nodes.length === 0) return;
  cluster.state.nodesSeen = { at: now(), nodes };
  cluster.fresh = true;
}

/** A node was changed: what was seen before does not prove anything any more. */
export function touched(cluster: Cluster): void {
  cluster.state.verified = false;
  cluster.fresh = false;
  cluster.gateOpenSince = null;
}

const ILL = ['service', 'ready', 'voter'] as const;

/** What the nodes last seen lack, in words. */
export function missing(cluster: Cluster): string[] {
  const { document, nodesSeen, slots } = cluster.state;
  const { version } = document.spec.k3s;
  return Object.values(slots).flatMap((slot) => {
    // What is gone or known to be ill has its own steps, or waits for its time.
    if (!slot.joined || slot.instance === null || slot.rebootedAt !== null) return [];
    if (ILL.some((kind) => believed(cluster.state, slot.name, kind))) return [];
    const node = nodesSeen?.nodes.find((one) => one.name === slot.nodeName);
    if (node === undefined) return [`${slot.nodeName} is not registered`];
    if (!node.ready) return [`${slot.nodeName} is not Ready`];
    if (node.version !== version && slot.installed === version) return [`${slot.nodeName} runs ${node.version}`];
    return slot.role === 'server' && node.voter !== true ? [`${slot.nodeName} is not a voter`] : [];
  });
}
