import { blankState } from './blank-state.js';
import { emptySlot } from './empty-slot.js';
import { clusterSchema } from './spec/schema.js';
import { type ClusterState, type Slot, STATE_SCHEMA_VERSION } from './state.js';

/**
 * State that an earlier version of this program carried over continue-as-new, as this version wants it: what came later gets
 * the value of a new cluster. State of a later version is not understood, and going on with it would lose what it knows.
 *
 * @throws Error for a schemaVersion that is newer than this program's
 */
export function upgradeState(carried: Partial<ClusterState> & Pick<ClusterState, 'document'>): ClusterState {
  const version: number = carried.schemaVersion ?? 1;
  if (version > STATE_SCHEMA_VERSION) {
    throw new Error(
      `the state is of schema version ${version}, this worker knows ${STATE_SCHEMA_VERSION}: run a newer worker`,
    );
  }
  const slots: Record<string, Slot> = {};
  for (const [name, slot] of Object.entries(carried.slots ?? {}))
    slots[name] = { ...emptySlot(slot, slot.generation, slot.nodeName), ...slot };
  // Fields that came later get their defaults.
  const document = clusterSchema.safeParse(carried.document).data ?? carried.document;
  return {
    ...blankState(document),
    ...carried,
    document,
    slots,
    schemaVersion: STATE_SCHEMA_VERSION,
  };
}
