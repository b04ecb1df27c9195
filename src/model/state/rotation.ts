/** Secrets that Keelson can replace while the cluster serves. */
export const ROTATIONS = ['token', 'agent-token', 'certificates', 'ca', 'encryption-key'] as const;

export type Rotation = (typeof ROTATIONS)[number];

/** A rotation under way. */
export interface RotationState {
  what: Rotation;
  /** Names its folder on the nodes: no other rotation of this cluster has it. */
  ref: string;
  /** Backup from before the first change; null until it is in the bucket. */
  backup: string | null;
  /** Slot and generation of the server that makes the new secret; null before that, and if each node makes its own. */
  server: string | null;
  /** The new secret exists: from then on each start of K3s takes it over, and the rotation can only go forward. */
  ready: boolean;
  /** Slots, as `name#generation`, whose K3s has started with it. */
  taken: string[];
}
