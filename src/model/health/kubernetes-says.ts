import type { NodeObservation } from '../observation.js';
import type { ClusterState, Slot } from '../state.js';
import { confirmedFinding, findingKey } from './findings.js';

/** `Unknown` says nothing against a node: no server answered, the answer is older than the trouble, or only one observation has seen it. */
export type KubernetesSays = 'Ready' | 'NotReady' | 'Unknown';

/**
 * Returns what Kubernetes says of a slot's node, through the server that answered the last observation. A lost agent or a failing check
 * hides the node; this measures the node itself.
 *
 * @param since earlier measurements do not count, ISO 8601: when EC2 or SSM first reported something against the node
 */
export function kubernetesSays(
  state: Pick<ClusterState, 'findings' | 'observedNodes' | 'failedObservations' | 'observationStartedAt'>,
  slot: Slot,
  since: string | null = null,
): KubernetesSays {
  const { observedNodes } = state;
  if (state.failedObservations > 0 || observedNodes === null) return 'Unknown';
  if (isEarlier(observedNodes.at, since) || isEarlier(observedNodes.at, state.observationStartedAt)) return 'Unknown';
  const finding = state.findings[findingKey(slot.name, 'ready')];
  if (finding === undefined) return isReady(observedNodes.nodes, slot) ? 'Ready' : 'Unknown';
  return confirmedFinding(state, slot.name, 'ready')?.pendingSince === null ? 'NotReady' : 'Unknown';
}

const isReady = (nodes: readonly NodeObservation[], { nodeName }: Slot): boolean =>
  nodes.some(({ name, ready }) => name === nodeName && ready);
const isEarlier = (at: string, than: string | null): boolean => than !== null && Date.parse(at) < Date.parse(than);

/**
 * Returns since when Kubernetes has called the node not Ready without interruption: restarts and reboots, after which findings begin again,
 * do not reset it.
 */
export function notReadySince(
  state: Pick<ClusterState, 'findings' | 'observedNodes' | 'failedObservations' | 'observationStartedAt'>,
  slot: Slot,
): string | null {
  switch (kubernetesSays(state, slot)) {
    case 'Ready':
      return null;
    case 'NotReady':
      return slot.notReadySince ?? confirmedFinding(state, slot.name, 'ready')?.since ?? null;
    case 'Unknown':
      return slot.notReadySince;
  }
}
