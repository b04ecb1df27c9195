/** Watch of a region, for all of its clusters. */
import type { WatchReport } from '../../model/watch/report.js';
import type { WatchSummary } from '../../model/watch/summary.js';
import type { RegionScope } from './call.js';

export interface WatchInput extends RegionScope {
  /** Packed snapshot of each cluster; null at the very beginning. */
  digests: string | null;
  /** What the clusters were last notified of that the watch cannot see, see `failuresKey`; empty for nothing, null when that is not known. */
  told: string | null;
  /** The workflow waits to hear that the watch observes again: the watch notifies it after the first round. */
  announce?: boolean;
}

export interface UnobservedInput extends RegionScope {
  report: WatchReport;
}

export interface WatchResult {
  /** `empty`: no cluster of the region is left. */
  ended: 'time' | 'empty';
  digests: string;
  told: string | null;
  saw?: WatchSummary;
}
