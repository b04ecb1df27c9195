import type { Rotation, RotationState } from '../state/rotation.js';
import type { ClusterState, Slot } from '../state.js';

export { ROTATIONS, type Rotation, type RotationState } from '../state/rotation.js';

interface Terms {
  /** In words, after `the new`. */
  name: string;
  /** Agents hold it, too, or something that it signs. */
  onAgents: boolean;
  /** The published kubeconfig changes with it. */
  inKubeconfig: boolean;
  /** Returns the servers that still use the old secret, before their restart: a node with the new one cannot join at them. */
  behind: 'none' | 'others' | 'all';
}

const TERMS: Record<Rotation, Terms> = {
  // Agents join with their own token. The server that makes it uses it at once.
  token: { name: 'token', onAgents: false, inKubeconfig: false, behind: 'others' },
  'agent-token': { name: 'agent token', onAgents: true, inKubeconfig: false, behind: 'all' },
  certificates: { name: 'certificates', onAgents: true, inKubeconfig: true, behind: 'none' },
  ca: { name: 'CA', onAgents: true, inKubeconfig: true, behind: 'all' },
  'encryption-key': { name: 'encryption key', onAgents: false, inKubeconfig: false, behind: 'none' },
};

export const termsOf = ({ what }: RotationState): Terms => TERMS[what];

export const ownerOf = ({ name, generation }: Slot): string => `${name}#${generation}`;

/** Returns whether the node has to start K3s once more before the rotation is done. */
export function awaitsRotation({ rotation }: ClusterState, slot: Slot): boolean {
  if (rotation === null || !slot.joined || slot.instance === null) return false;
  if (slot.role === 'agent' && !termsOf(rotation).onAgents) return false;
  return !rotation.taken.includes(ownerOf(slot));
}

/** Returns the rotation that a start of K3s on this node takes over now, or null. */
export const rotationFor = (state: ClusterState, slot: Slot): RotationState | null =>
  state.rotation?.ready === true && awaitsRotation(state, slot) ? state.rotation : null;

/** Returns whether a node with the new secret cannot join at this server yet. */
export function isBehind(state: ClusterState, slot: Slot): boolean {
  const rotation = rotationFor(state, slot);
  if (rotation === null) return false;
  const { behind } = termsOf(rotation);
  return behind === 'all' || (behind === 'others' && rotation.server !== ownerOf(slot));
}

/** Returns whether the server would send the old token beside a snapshot that it does not open. */
export const hasOldToken = (state: ClusterState, slot: Slot): boolean =>
  state.rotation?.what === 'token' && isBehind(state, slot);

/**
 * Returns why a rotation cannot be cancelled, or null. Each node makes its own certificates, and one CA signs them all: nodes with new and
 * with old ones trust each other. A shared secret has to be the same on all nodes in the end.
 */
export function cancelRefusal({ what, server, ready }: RotationState): string | null {
  if (what === 'certificates' || (server === null && !ready)) return null;
  return `${server ?? 'a server'} makes the new ${TERMS[what].name}, or has made it; the other nodes have to take it over`;
}

/** Notes that the slot's K3s was started, with the new secret if that exists. */
export function recordTaken(state: ClusterState, slot: Slot): void {
  const { rotation } = state;
  if (rotation?.ready !== true || rotation.taken.includes(ownerOf(slot))) return;
  state.rotation = { ...rotation, taken: [...rotation.taken, ownerOf(slot)] };
}

/** Returns whether every node has taken it over. */
export const isRotated = (state: ClusterState): boolean =>
  state.rotation?.ready === true && !Object.values(state.slots).some((slot) => awaitsRotation(state, slot));
