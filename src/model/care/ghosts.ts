import { nodeNameOf } from '../ids.js';
import type { NodeView } from '../observation.js';
import type { ClusterState } from '../state.js';

export const ghostKey = (node: string): string => `ghost/${node}`;

/**
 * Nodes that Kubernetes has and no slot: left over from an instance that is gone. A member of etcd without a machine counts against the
 * quorum. Only names that Keelson has given and used up count, and only nodes that are not Ready: others belong to someone.
 */
export function ghostsAmong(
  state: Pick<ClusterState, 'document' | 'slots' | 'generations'>,
  nodes: readonly NodeView[],
): NodeView[] {
  const cluster = state.document.metadata.name;
  const owned = new Set(Object.values(state.slots).map((slot) => slot.nodeName));
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

/** Names of the ghosts that two looks have seen. */
export const ghostsOf = ({ findings }: Pick<ClusterState, 'findings'>): string[] =>
  Object.entries(findings).flatMap(([key, { holds }]) =>
    holds && key.startsWith('ghost/') ? [key.slice('ghost/'.length)] : [],
  );
