import type { ClusterState } from '../state.js';

/** Kubernetes' own finding: no server lists its nodes. */
export const UNLISTED_KEY = 'unlisted/Kubernetes';

/**
 * Returns why no server lists the nodes of Kubernetes, if two observations have found it so; null while one lists them. What Kubernetes said of a node
 * before is not known to hold any more.
 */
export function nodesUnlisted({ findings }: Pick<ClusterState, 'findings'>): string | null {
  const finding = findings[UNLISTED_KEY];
  return finding?.confirmed === true ? finding.text : null;
}
