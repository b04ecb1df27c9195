import type { Logger } from 'pino';
import { messageOf } from '../aws/error-code.js';
import { accountIdOf } from '../model/account-role.js';
import type { WatchPlace } from '../model/watch/place.js';

/** Less than half of the minute within which a cluster is observed again. */
const EVERY_MS = 20_000;
/** Regions repaired at once: more than AWS has. */
const MOST = 64;

/** A region of an account that has a watch. */
export interface Watched {
  region: string;
  /** 12 digits; null for the worker's own. */
  account: string | null;
}

export interface UnwatchedCluster {
  cluster: string;
}

/** Questions of the keeper to Temporal. */
export interface Watches {
  /** Returns where a watch runs. May lag behind by seconds. */
  watched(): Promise<Watched[]>;
  /** Returns a cluster in another place than these; null for none. */
  clusterBesides(watched: readonly Watched[]): Promise<UnwatchedCluster | null>;
  /** @returns the place of the cluster, whose watch runs now */
  ensureWatch(cluster: UnwatchedCluster): Promise<WatchPlace>;
}

/**
 * Starts the watch of a region that has clusters and no watch. No one would notice the end of a watch that a person terminates, or that
 * fails for good: its clusters rest for hours. So every worker checks, with two cheap questions to Temporal, however many clusters there
 * are.
 *
 * @returns ends it
 */
export function keepWatches(watches: Watches, logger: Logger, everyMs = EVERY_MS): () => void {
  let isAsking = false;
  const look = async (): Promise<void> => {
    const watched = await watches.watched();
    for (let count = 0; count < MOST; count += 1) {
      const unwatched = await watches.clusterBesides(watched);
      if (unwatched === null) return;
      const { region, account: role } = await watches.ensureWatch(unwatched);
      const account = accountIdOf(role);
      watched.push({ region, account });
      logger.warn({ region, account }, 'the watch of a region with clusters was gone; it is started again');
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
