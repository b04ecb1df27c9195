import { nodeNameOf } from '../ids.js';
import type { NodeObservation } from '../observation.js';
import type { ClusterState } from '../state.js';

export const staleNodeKey = (node: string): string => `stale-node/${node}`;

/**
 * Nodes of Kubernetes without a slot: leftovers of lost instances. A member of etcd without a machine counts against the quorum. Only names
 * that Keelson has given and used up count, and only nodes that are not Ready: others belong to someone.
 */
export function staleNodesAmong(
  state: Pick<ClusterState, 'document' | 'slots' | 'generations'>,
  nodes: readonly NodeObservation[],
): NodeObservation[] {
  const cluster = state.document.metadata.name;
  const owned = new Set<string | null>(
    Object.values(state.slots).flatMap(({ nodeName, departing }) => [nodeName, departing]),
  );
  return nodes.filter(({ name, ready }) => {
    if (ready || owned.has(name) || !name.startsWith(`${cluster}-`)) return false;
    const [, slot, generation] = /^(.+)-g(\d+)$/.exec(name.slice(cluster.length + 1)) ?? [];
    return (
      slot !== undefined &&
      name === nodeNameOf(cluster, slot, Number(generation)) &&
      Number(generation) <= (state.generations[slot] ?? 0)
    );
  });
}

/** Returns the names of the stale nodes that two observations have seen. */
export const staleNodesOf = ({ findings }: Pick<ClusterState, 'findings'>): string[] =>
  Object.entries(findings).flatMap(([key, { confirmed }]) =>
    confirmed && key.startsWith('stale-node/') ? [key.slice('stale-node/'.length)] : [],
  );
