import { table } from './table.js';
import { age } from './time.js';

/** A cluster as the visibility store knows it, without asking its workflow. */
export interface ListedCluster {
  name: string;
  phase: string | null;
  health: string | null;
  region: string | null;
  version: string | null;
  /** `<ready>/<all>` */
  nodes: string | null;
  createdAt: string;
}

export function listText(clusters: readonly ListedCluster[], now = Date.now()): string {
  if (clusters.length === 0) return 'no clusters';
  return table(
    ['name', 'phase', 'health', 'region', 'version', 'nodes', 'age'],
    clusters.map((one) => [
      one.name,
      one.phase,
      one.health,
      one.region,
      one.version,
      one.nodes,
      age(one.createdAt, now),
    ]),
  );
}
