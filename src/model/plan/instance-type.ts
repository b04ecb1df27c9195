import { slotsOf, typesOfSlot, type WantedSlot } from '../ids.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, LaunchConfig, Slot } from '../state.js';

/**
 * Returns the type that a slot's instance should have. A type that could not start is given up: the server that tried goes back to its old
 * type, the others stay as they are, until the desired state changes or someone says `retry`.
 */
export function typeFor(state: ClusterState, wanted: WantedSlot, slot: Slot): string {
  // An equally good type counts as the wanted one.
  if (slot.instance !== null && wanted.fallbackTypes.includes(slot.instance.type)) return slot.instance.type;
  if (slot.instance === null || state.unavailableTypes[wanted.instanceType] === undefined) return wanted.instanceType;
  return slot.previousType ?? slot.instance.type;
}

/** Returns the types that the cluster needs to know of, sorted: those of its nodes and of its document. */
export function typesOf(document: ClusterDocument, state: ClusterState): string[] {
  const types = slotsOf(document).flatMap((wanted) => {
    const slot = state.slots[wanted.name];
    return [slot === undefined ? wanted.instanceType : typeFor(state, wanted, slot), ...wanted.fallbackTypes];
  });
  return [...new Set(types)].sort();
}

/** Returns whether every node that should have the type already exists with another one: then the cluster can do without. */
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

/** Returns whether someone else has changed the instance's type, while the document still wants Keelson's. */
export function hasDrifted(state: ClusterState, wanted: WantedSlot, slot: Slot): boolean {
  const { instance, lastAppliedType } = slot;
  return (
    instance !== null &&
    lastAppliedType !== null &&
    instance.type !== lastAppliedType &&
    typeFor(state, wanted, slot) === lastAppliedType
  );
}

/** A type that the document wants for an instance that cannot have it. */
export interface Misfit {
  type: string;
  code: 'ArchitectureMismatch' | 'TypeNotOffered';
  message: string;
}

/**
 * Returns the types that existing instances cannot get: an instance keeps its architecture and its zone for life. Known before Keelson
 * stops any of them. [docs: EC2, change the instance type]
 */
export function misfitsOf(
  document: ClusterDocument,
  slots: ClusterState['slots'],
  launchConfig: LaunchConfig,
): Misfit[] {
  const misfits = new Map<string, Misfit>();
  for (const wanted of slotsOf(document)) {
    const { name, instanceType: type } = wanted;
    const instance = slots[name]?.instance;
    if (instance && typesOfSlot(wanted).includes(instance.type)) continue;
    const offer = launchConfig.instanceTypes[type];
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
