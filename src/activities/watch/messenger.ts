import type { WatchPlace } from '../../model/watch/place.js';
import type { WatchReport } from '../../model/watch/report.js';
import type { Sight } from '../../model/watch/sight.js';

/** How activities speak to workflows. */
export interface Messenger {
  /**
   * What was seen of a cluster, from the region watch with what that cannot see.
   *
   * @returns `absent` when there is no open workflow of that cluster
   */
  look(cluster: string, reason: string, sight: Sight, report?: WatchReport): Promise<'told' | 'absent'>;
  /** What the region watch cannot see, alone. */
  report(cluster: string, report: WatchReport): Promise<'told' | 'absent'>;
  /** Tells the workflow of the region's watch that it observes again. @param at when, ISO 8601 */
  observing(place: WatchPlace, at: string): Promise<void>;
  /** Starts the watch of the region, or tells the one that runs that it is wanted. */
  ensureWatch(place: WatchPlace): Promise<void>;
  /** Names of the clusters of the region in the account whose workflows are open. May lag behind by seconds. */
  openClusters(place: WatchPlace): Promise<string[]>;
}
