import { blankState } from './blank-state.js';
import { emptySlot } from './empty-slot.js';
import { clusterSchema } from './spec/schema.js';
import { type ClusterState, type Slot, STATE_SCHEMA_VERSION } from './state.js';

/**
 * Upgrades the state of an earlier version of this program: newer fields get the value of a new cluster. It refuses the state of a later
 * version, whose knowledge would be lost.
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
  // Newer fields get their defaults.
  const document = clusterSchema.safeParse(carried.document).data ?? carried.document;
  return {
    ...blankState(document),
    ...carried,
    document,
    slots,
    schemaVersion: STATE_SCHEMA_VERSION,
  };
}
