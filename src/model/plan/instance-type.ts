import { slotsOf, typesOfSlot, type WantedSlot } from '../ids.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Placement, Slot } from '../state.js';

/**
 * The type that a slot's instance should have. A type that could not be started is held: the server that tried goes back to
 * what it had, the others stay as they are, until the wish changes or someone says `retry`.
 */
export function typeFor(state: ClusterState, wanted: WantedSlot, slot: Slot): string {
  // One that does as well is as asked for.
  if (slot.instance !== null && wanted.fallbackTypes.includes(slot.instance.type)) return slot.instance.type;
  if (slot.instance === null || state.heldTypes[wanted.instanceType] === undefined) return wanted.instanceType;
  return slot.previousType ?? slot.instance.type;
}

/** The types that the cluster needs to know of, sorted: what its nodes have or should have. */
export function typesOf(document: ClusterDocument, state: ClusterState): string[] {
  const types = slotsOf(document).flatMap((wanted) => {
    const slot = state.slots[wanted.name];
    return [slot === undefined ? wanted.instanceType : typeFor(state, wanted, slot), ...wanted.fallbackTypes];
  });
  return [...new Set(types)].sort();
}

/** Whether every node that should have the type is there already, with another one: then it can do without. */
export function isOnlyChange(document: ClusterDocument, slots: ClusterState['slots'], type: string): boolean {
  const wantedSlots = slotsOf(document);
  // A fallback that does not exist is a mistake in the document.
  if (wantedSlots.every((wanted) => wanted.instanceType !== type)) return false;
  return wantedSlots.every(
    (wanted) => wanted.instanceType !== type || (slots[wanted.name]?.instance?.type ?? type) !== type,
  );
}

export function typeDiffers(state: ClusterState, wanted: WantedSlot, slot: Slot): boolean {
  if (slot.instance === null || slot.instance.type === typeFor(state, wanted, slot)) return false;
  return state.document.spec.drift === 'repair' || !hasDrifted(state, wanted, slot);
}

/** Whether someone else has given it another type than Keelson did, while the document wants what Keelson gave. */
export function hasDrifted(state: ClusterState, wanted: WantedSlot, slot: Slot): boolean {
  const { instance, givenType } = slot;
  return (
    instance !== null && givenType !== null && instance.type !== givenType && typeFor(state, wanted, slot) === givenType
  );
}

/** A type that is wanted for an instance that cannot have it. */
export interface Misfit {
  type: string;
  code: 'ArchitectureMismatch' | 'TypeNotOffered';
  message: string;
}

/**
 * Types that instances which are there cannot get: an instance keeps its architecture and its zone for life. Known before
 * any of them is stopped for it. [docs: EC2, change the instance type]
 */
export function misfitsOf(document: ClusterDocument, slots: ClusterState['slots'], placement: Placement): Misfit[] {
  const misfits = new Map<string, Misfit>();
  for (const wanted of slotsOf(document)) {
    const { name, instanceType: type } = wanted;
    const instance = slots[name]?.instance;
    if (instance && typesOfSlot(wanted).includes(instance.type)) continue;
    const offer = placement.instanceTypes[type];
    if (!instance || instance.type === type || offer === undefined || misfits.has(type)) continue;
    if (offer.architecture !== instance.architecture) {
      const message = `${type} is ${offer.architecture}, the instance of ${name} is ${instance.architecture} and stays so`;
      misfits.set(type, { type, code: 'ArchitectureMismatch', message });
    } else if (!offer.zones.includes(instance.zone)) {
      const message = `${type} is offered in ${offer.zones.join(', ')}, the instance of ${name} is in ${instance.zone}`;
      misfits.set(type, { type, code: 'TypeNotOffered', message });
    }
  }
  return [...misfits.values()];
}
