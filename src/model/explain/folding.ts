import type { Condition } from '../state.js';

/** Conditions that depend on a condition: without its instance no node is Ready, without K3s no API answers. */
const DEPENDENTS: Readonly<Record<string, readonly string[]>> = {
  InstancesRunning: [
    'InstancesHealthy',
    'InstancesTagged',
    'InstanceGroupsInSync',
    'AgentsOnline',
    'K3sInstalled',
    'K3sRunning',
    'ApiAvailable',
    'ApiServersReady',
    'NodesReady',
    'NodesLabelled',
    'EtcdHealthy',
  ],
  InstancesHealthy: ['AgentsOnline', 'K3sRunning', 'ApiAvailable', 'ApiServersReady', 'NodesReady', 'EtcdHealthy'],
  K3sRunning: ['ApiAvailable', 'ApiServersReady', 'NodesReady', 'EtcdHealthy', 'NodesLabelled'],
  EtcdHealthy: ['ApiAvailable', 'ApiServersReady'],
  ApiServersReady: ['ApiAvailable'],
  DisksFree: ['NodesWithoutPressure'],
  NodesWithoutPressure: ['NodesReady'],
  AgentsOnline: ['NodesReady'],
};

/** A failing condition, and those that fail because of it. */
export interface Root {
  condition: Condition;
  because: Condition[];
}

/**
 * Folds conditions under the one that makes them fail. A dependent condition that names nodes folds only when it names no other node: two
 * broken nodes stay two problems.
 *
 * @param failing in the order in which conditions are shown
 */
export function folded(failing: readonly Condition[]): Root[] {
  const order = Object.keys(DEPENDENTS);
  const rank = ({ type }: Condition): number => (order.includes(type) ? order.indexOf(type) : order.length);
  const roots: Root[] = [];
  const isFolded = new Set<Condition>();
  for (const root of [...failing].sort((a, b) => rank(a) - rank(b))) {
    if (isFolded.has(root)) continue;
    const because = failing.filter((one) => one !== root && !isFolded.has(one) && dependsOn(one, root));
    for (const one of because) isFolded.add(one);
    roots.push({ condition: root, because });
  }
  return roots;
}

function dependsOn(one: Condition, root: Condition): boolean {
  if (!(DEPENDENTS[root.type] ?? []).includes(one.type)) return false;
  // A condition of the whole cluster, such as the API, names no nodes.
  if (one.slots === undefined || root.slots === undefined) return true;
  return one.slots.every((slot) => root.slots?.includes(slot));
}
