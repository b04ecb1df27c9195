import type { WatchPlace } from '../../model/watch/place.js';
import type { RegionReport } from '../../model/watch/region-report.js';
import type { WatchReport } from '../../model/watch/report.js';

/** Sends messages of activities to workflows. */
export interface WorkflowNotifier {
  /**
   * Sends the snapshot of a cluster, and what the watch cannot observe.
   *
   * @returns `absent` when there is no open workflow of that cluster
   */
  reconcile(
    cluster: string,
    reason: string,
    regionReport: RegionReport,
    report?: WatchReport,
  ): Promise<'told' | 'absent'>;
  /** Sends what the region watch cannot observe, alone. */
  report(cluster: string, report: WatchReport): Promise<'told' | 'absent'>;
  /** Notifies the workflow of the region's watch that it observes again. @param at when, ISO 8601 */
  observing(place: WatchPlace, at: string): Promise<void>;
  /** Starts the watch of the region, or sends `wanted` to the running one. */
  ensureWatch(place: WatchPlace): Promise<void>;
  /** Returns the names of the clusters of the region in the account whose workflows are open. May lag behind by seconds. */
  openClusters(place: WatchPlace): Promise<string[]>;
}
