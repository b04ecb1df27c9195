import type { Verdict } from '../conditions.js';
import type { ForeignInstance } from '../trust/identity.js';

/** Says nothing about health: the cluster's own nodes are what they were. */
export const INSTANCES_OWNED = 'InstancesOwned';
export const FOREIGN_INSTANCE = 'ForeignInstance';

/** What Keelson does about it, and what a person can do. */
export const FOREIGN_HINT =
  'Keelson does nothing to it; find out who has launched or tagged it (CloudTrail: RunInstances, CreateTags), then take the keelson tags away or terminate it';

/** No condition while no foreign instance carries the cluster's tags. */
export function foreignInstances(foreign: readonly ForeignInstance[]): Verdict[] {
  if (foreign.length === 0) return [];
  const message = foreign.map(
    ({ id, why }) => `${id} carries the tags of this cluster and is not its instance: ${why}`,
  );
  return [
    {
      type: INSTANCES_OWNED,
      status: 'False',
      reason: FOREIGN_INSTANCE,
      message: message.join('; '),
      advice: FOREIGN_HINT,
    },
  ];
}
