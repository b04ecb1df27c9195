import type { Sight } from '../../model/watch/sight.js';

/** How activities speak to workflows. */
export interface Messenger {
  /** @returns `absent` when there is no open workflow of that cluster */
  look(cluster: string, reason: string, sight: Sight): Promise<'told' | 'absent'>;
  /** Starts the watch of the region, or tells the one that runs that it is wanted. */
  ensureWatch(region: string): Promise<void>;
  /** Names of the clusters of the region whose workflows are open. May lag behind by seconds. */
  openClusters(region: string): Promise<string[]>;
}
