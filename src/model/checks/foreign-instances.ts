import type { ConditionResult } from '../conditions.js';
import type { ForeignInstance } from '../trust/identity.js';

/** Does not affect health: the cluster's own nodes are unchanged. */
export const INSTANCES_OWNED = 'InstancesOwned';
export const FOREIGN_INSTANCE = 'ForeignInstance';

/** What Keelson does about it, and what a person can do. */
export const FOREIGN_HINT =
  'Keelson does nothing to it; find out who has launched or tagged it (CloudTrail: RunInstances, CreateTags), then take the keelson tags away or terminate it';

/** Returns no condition while no foreign instance carries the cluster's tags. */
export function foreignInstances(foreign: readonly ForeignInstance[]): ConditionResult[] {
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
      hint: FOREIGN_HINT,
    },
  ];
}
