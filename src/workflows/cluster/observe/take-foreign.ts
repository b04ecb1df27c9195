import { FOREIGN_HINT, FOREIGN_INSTANCE } from '../../../model/checks/foreign-instances.js';
import type { ForeignInstance } from '../../../model/trust/identity.js';
import { type Cluster, emit } from '../context.js';

/**
 * Takes over which instances carry the cluster's tags without belonging to the cluster. Keelson reports each new one once, and touches
 * none.
 */
export function takeForeign(cluster: Cluster, foreign: readonly ForeignInstance[]): void {
  const known = new Set(cluster.state.foreign.map(({ id }) => id));
  for (const { id, why } of foreign)
    if (!known.has(id)) emit(cluster, 'Warning', FOREIGN_INSTANCE, `${id}: ${why}; ${FOREIGN_HINT}`);
  cluster.state.foreign = [...foreign].slice(0, MOST);
}

/** Anyone can tag any number of instances: the carried state stays small. */
const MOST = 20;
