import type { World } from '../../contract.js';
import type { KubeCluster } from '../cluster.js';
import type { KubeNode } from '../node.js';
import type { K3sPlane } from '../plane.js';

/** Place and cluster of a running kubectl. */
export interface KubectlContext {
  world: World;
  plane: K3sPlane;
  instanceId: string;
  cluster: KubeCluster;
}

export function notFound(name: string): string {
  return `Error from server (NotFound): nodes "${name}" not found\n`;
}

/** Returns the Nodes by name, or the first name without a Node. */
export function pick(cluster: KubeCluster, names: string[]): { found: KubeNode[]; missing: string | undefined } {
  const bare = names.map((name) => name.replace(/^nodes?\//, ''));
  const found = bare.flatMap((name) => cluster.nodes.get(name) ?? []);
  return { found, missing: bare.find((name) => !cluster.nodes.has(name)) };
}
