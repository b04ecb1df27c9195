import type { WantedSlot } from '../ids.js';
import type { ClusterState, Slot } from '../state.js';

/**
 * The type that a slot's instance shall have. A type that could not be started is held: the server that tried goes back to
 * what it had, the others stay as they are, until the wish changes or somebody says `retry`.
 */
export function typeFor(state: ClusterState, wanted: WantedSlot, slot: Slot): string {
  if (slot.instance === null || state.heldTypes[wanted.instanceType] === undefined) return wanted.instanceType;
  return slot.previousType ?? slot.instance.type;
}

export function typeDiffers(state: ClusterState, wanted: WantedSlot, slot: Slot): boolean {
  return slot.instance !== null && slot.instance.type !== typeFor(state, wanted, slot);
}
