import type { NodeView } from '../observation.js';
import type { ClusterState, Slot } from '../state.js';
import { believed, findingKey } from './findings.js';

/** `Unknown` is no word against a node: no server could be asked, or the answer is of before the trouble, or one look alone has seen it. */
export type KubernetesSays = 'Ready' | 'NotReady' | 'Unknown';

/**
 * What Kubernetes says of a slot's node, through whichever server answered the last look. A lost agent or a failing check is loss of
 * sight; this is the measurement of the thing itself.
 *
 * @param since what was measured before this time does not count, ISO 8601: when EC2 or SSM began to hold something against the node
 */
export function kubernetesSays(
  state: Pick<ClusterState, 'findings' | 'nodesSeen' | 'blindLooks' | 'lookBegunAt'>,
  slot: Slot,
  since: string | null = null,
): KubernetesSays {
  const { nodesSeen } = state;
  if (state.blindLooks > 0 || nodesSeen === null) return 'Unknown';
  if (isEarlier(nodesSeen.at, since) || isEarlier(nodesSeen.at, state.lookBegunAt)) return 'Unknown';
  const finding = state.findings[findingKey(slot.name, 'ready')];
  if (finding === undefined) return isReady(nodesSeen.nodes, slot) ? 'Ready' : 'Unknown';
  return believed(state, slot.name, 'ready')?.doubtedAt === null ? 'NotReady' : 'Unknown';
}

const isReady = (nodes: readonly NodeView[], { nodeName }: Slot): boolean =>
  nodes.some(({ name, ready }) => name === nodeName && ready);
const isEarlier = (at: string, than: string | null): boolean => than !== null && Date.parse(at) < Date.parse(than);

/**
 * Since when Kubernetes has called the node not Ready without calling it Ready in between: restarts and reboots, after which findings
 * begin again, do not set the clock back.
 */
export function notReadySince(
  state: Pick<ClusterState, 'findings' | 'nodesSeen' | 'blindLooks' | 'lookBegunAt'>,
  slot: Slot,
): string | null {
  switch (kubernetesSays(state, slot)) {
    case 'Ready':
      return null;
    case 'NotReady':
      return slot.notReadySince ?? believed(state, slot.name, 'ready')?.since ?? null;
    case 'Unknown':
      return slot.notReadySince;
  }
}
