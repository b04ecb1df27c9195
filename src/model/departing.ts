import type { Slot } from './state.js';

/**
 * Returns the name of the node that a slot has lost with its instance and that Kubernetes, and etcd for a server, still count as a member.
 * The slot's next instance is launched and boots meanwhile. Only its join waits, because a dead member and a new one together cost the
 * quorum. [k3s #13498]
 *
 * @returns null when there is none
 */
export const departingNode = (slot: Pick<Slot, 'departing' | 'joined' | 'instance' | 'nodeName'>): string | null =>
  slot.departing ?? (slot.joined && slot.instance === null ? slot.nodeName : null);
