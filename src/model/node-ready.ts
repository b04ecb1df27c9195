import { believed } from './care/findings.js';
import type { ClusterState, Slot } from './state.js';

/**
 * Whether the slot's node is Ready, or votes, as far as is known. While an operation runs what its steps saw counts at once; at rest one look
 * alone changes nothing.
 */
export function nodeHas(state: ClusterState, slot: Slot, what: 'ready' | 'voter'): boolean {
  if (!slot.joined || slot.service !== 'running' || believed(state, slot.name, what) !== null) return false;
  if (state.operation === null) return true;
  const node = state.nodesSeen?.nodes.find((one) => one.name === slot.nodeName);
  return node === undefined || node[what] === true;
}
