import type { StatusView } from '../../model/status.js';
import type { Clusters } from '../clusters/clusters.js';
import { isUnreachable } from '../errors.js';

const LOOK_MS = 1_000;
/** The quick part of a small operation is worth a closer look. */
const QUICK_LOOK_MS = 250;
const QUICK_FOR_MS = 5_000;
/** A server or worker that restarts is waited for. */
const PATIENCE_MS = 60_000;

/**
 * Looks at a cluster again and again until the caller stops, or the signal aborts.
 *
 * @throws what a look threw, when the looks have failed for a minute
 */
export async function* follow(clusters: Clusters, name: string, signal: AbortSignal): AsyncGenerator<StatusView> {
  const started = Date.now();
  let seen = Date.now();
  while (!signal.aborted) {
    try {
      const status = await clusters.status(name);
      seen = Date.now();
      yield status;
    } catch (error) {
      if (!isUnreachable(error) || Date.now() - seen > PATIENCE_MS) throw error;
    }
    await pause(Date.now() - started < QUICK_FOR_MS ? QUICK_LOOK_MS : LOOK_MS, signal);
  }
}

/** Resolves after the time, or when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
