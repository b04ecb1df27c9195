import type { ClusterState, Slot } from '../state.js';
import { compareVersions, parseVersion } from './version.js';

/** The K3s versions that a change of version is measured by; null while no node has K3s. */
export interface VersionsInUse {
  /** Oldest that a node has now: no minor version after it may be skipped. */
  oldest: string;
  /** Newest that a node has ever had: K3s does not go back behind it. */
  newest: string;
}

/**
 * Takes over which K3s binary is in place on a node. From then on a crash or a reboot may start it, so that it counts as one that
 * has run, also when the node is gone: what it has written to etcd stays.
 *
 * @param version null when there is none
 */
export function recordInstalled(
  state: Pick<ClusterState, 'newestVersion' | 'mirrorProblem' | 'document'>,
  slot: Slot,
  version: string | null,
): void {
  slot.installed = version;
  // A node has it: then nodes reach the mirror, whatever the worker reaches.
  if (version === state.document.spec.k3s.version) state.mirrorProblem = null;
  if (version !== null) state.newestVersion = newer(state.newestVersion, version);
}

/**
 * Returns what nodes have, and have had. Not what documents have asked for: a version that no mirror has was never installed anywhere, and
 * must not keep the cluster from the version that it runs.
 */
export function versionsInUse(state: Pick<ClusterState, 'newestVersion' | 'slots'>): VersionsInUse | null {
  const installed = Object.values(state.slots).flatMap((slot) => slot.installed ?? []);
  const [oldest] = installed.sort(byAge);
  const newest = installed.reduce(newer, state.newestVersion);
  return newest === null ? null : { oldest: oldest ?? newest, newest };
}

function newer(a: string | null, b: string): string {
  return a === null || byAge(a, b) < 0 ? b : a;
}

/** Oldest first; what is not a version counts as older than all. */
function byAge(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  return compareVersions(left, right);
}
