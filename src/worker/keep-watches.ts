import type { Logger } from 'pino';
import { messageOf } from '../aws/error-code.js';

/** Less than half of the minute within which a cluster is observed again. */
const EVERY_MS = 20_000;
/** Regions that are made up for at once: more than AWS has. */
const MOST = 64;

/** What the keeper asks Temporal. */
export interface Watches {
  /** Regions whose watch runs. May lag behind by seconds. */
  watchedRegions(): Promise<string[]>;
  /** A region with a cluster that was made, other than these; null where there is none. */
  regionBesides(regions: readonly string[]): Promise<string | null>;
  ensureWatch(region: string): Promise<void>;
}

/**
 * Starts the watch of a region that has clusters and none. A watch that a person terminates, or that fails for good, takes nobody along who would
 * notice: its clusters rest for hours. So every worker looks, with two cheap questions to Temporal, however many clusters there are.
 *
 * @returns ends it
 */
export function keepWatches(watches: Watches, logger: Logger, everyMs = EVERY_MS): () => void {
  let isAsking = false;
  const look = async (): Promise<void> => {
    const regions = await watches.watchedRegions();
    for (let count = 0; count < MOST; count += 1) {
      const region = await watches.regionBesides(regions);
      if (region === null) return;
      await watches.ensureWatch(region);
      regions.push(region);
      logger.warn({ region }, 'the watch of a region with clusters was gone; it is started again');
    }
  };
  const timer = setInterval(() => {
    if (isAsking) return;
    isAsking = true;
    look()
      .catch((error: unknown) =>
        logger.warn({ error: messageOf(error) }, 'whether each region has its watch is not known'),
      )
      .finally(() => {
        isAsking = false;
      });
  }, everyMs);
  return () => clearInterval(timer);
}
