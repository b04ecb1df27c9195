/** A share of a pool, e.g. `10%`. */
export const SHARE = /^[1-9]\d?%$/;

/**
 * Returns how many agents of a pool may be away at the same time. A share is rounded down, but one at a time is always possible, so that a
 * small pool can change. [Kubernetes: Deployment, maxUnavailable rounds down]
 *
 * @param maxUnavailable a number, or a share of the pool in percent
 * @param count agents that the pool has
 */
export function mostUnavailable(maxUnavailable: number | string, count: number): number {
  if (typeof maxUnavailable === 'number') return maxUnavailable;
  return Math.max(1, Math.floor((count * Number.parseInt(maxUnavailable, 10)) / 100));
}
