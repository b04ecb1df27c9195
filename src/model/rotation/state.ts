import type { ClusterState, Slot } from '../state.js';

/** What can be replaced while the cluster serves. */
export const ROTATIONS = ['token', 'agent-token', 'certificates', 'ca', 'encryption-key'] as const;
export type Rotation = (typeof ROTATIONS)[number];

/** A rotation that was asked for and is not done. */
export interface RotationState {
  what: Rotation;
  /** Names its folder on the nodes: no other rotation of this life has it. */
  ref: string;
  /** Backup that was taken before anything was changed; null until it is in the bucket. */
  backup: string | null;
  /** Slot and generation of the server that makes what is new; null before that, and where each node makes its own. */
  server: string | null;
  /** What is new exists: from then on each start of K3s takes it over, and there is no way back but forward. */
  ready: boolean;
  /** Slots, as `name#generation`, whose K3s was started with it. */
  taken: string[];
}

interface Terms {
  /** In words, after `the new`. */
  name: string;
  /** Agents hold it, too, or something that it signs. */
  onAgents: boolean;
  /** The published kubeconfig changes with it. */
  inKubeconfig: boolean;
  /** Servers that still go by the old one, before their restart: those whom a node that has the new one cannot join at. */
  behind: 'none' | 'others' | 'all';
}

const TERMS: Record<Rotation, Terms> = {
  // Agents join with a token of their own. The server that makes it takes it at once.
  token: { name: 'token', onAgents: false, inKubeconfig: false, behind: 'others' },
  'agent-token': { name: 'agent token', onAgents: true, inKubeconfig: false, behind: 'all' },
  certificates: { name: 'certificates', onAgents: true, inKubeconfig: true, behind: 'none' },
  ca: { name: 'CA', onAgents: true, inKubeconfig: true, behind: 'all' },
  'encryption-key': { name: 'encryption key', onAgents: false, inKubeconfig: false, behind: 'none' },
};

export const termsOf = ({ what }: RotationState): Terms => TERMS[what];

export const ownerOf = ({ name, generation }: Slot): string => `${name}#${generation}`;

/** Whether the node has to start K3s once more before the rotation is done. */
export function awaitsRotation({ rotation }: ClusterState, slot: Slot): boolean {
  if (rotation === null || !slot.joined || slot.instance === null) return false;
  if (slot.role === 'agent' && !termsOf(rotation).onAgents) return false;
  return !rotation.taken.includes(ownerOf(slot));
}

/** The rotation that a start of K3s on this node takes over now, or null. */
export const rotationFor = (state: ClusterState, slot: Slot): RotationState | null =>
  state.rotation?.ready === true && awaitsRotation(state, slot) ? state.rotation : null;

/** Whether a node that has what is new cannot join at this server yet. */
export function isBehind(state: ClusterState, slot: Slot): boolean {
  const rotation = rotationFor(state, slot);
  if (rotation === null) return false;
  const { behind } = termsOf(rotation);
  return behind === 'all' || (behind === 'others' && rotation.server !== ownerOf(slot));
}

/** Whether the server would send the old token beside a snapshot that it does not open. */
export const hasOldToken = (state: ClusterState, slot: Slot): boolean =>
  state.rotation?.what === 'token' && isBehind(state, slot);

/** K3s of the slot was started, and has what is new if that exists. */
export function recordTaken(state: ClusterState, slot: Slot): void {
  const { rotation } = state;
  if (rotation?.ready !== true || rotation.taken.includes(ownerOf(slot))) return;
  state.rotation = { ...rotation, taken: [...rotation.taken, ownerOf(slot)] };
}

/** Whether every node has taken it over. */
export const isRotated = (state: ClusterState): boolean =>
  state.rotation?.ready === true && !Object.values(state.slots).some((slot) => awaitsRotation(state, slot));
