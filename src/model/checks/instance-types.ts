import type { ConditionResult } from '../conditions.js';
import { hasDrifted } from '../plan/instance-type.js';
import type { Judged } from './judged.js';
import { hiding } from './observed.js';
import { unseen } from './tally.js';

/** Does not affect health: nodes that went back to their old type serve as well as before. */
export const INSTANCE_TYPES_IN_SYNC = 'InstanceTypesInSync';

/** Returns whether the nodes have the document's types, kept their old ones, or got others outside of Keelson. */
export function instanceTypes(state: Judged): ConditionResult {
  const held = Object.values(state.unavailableTypes);
  const result = (status: ConditionResult['status'], reason: string, message: string, hint = ''): ConditionResult => ({
    type: INSTANCE_TYPES_IN_SYNC,
    status,
    reason,
    message,
    hint,
  });
  if (held.length > 0) {
    const hint = 'resize to another type, or `keelson retry` to try this one again';
    return result('False', 'RolledBack', `the nodes keep their types: ${held.join('; ')}`, hint);
  }
  const { places } = state;
  const drifted = places.flatMap(({ wanted, slot }) =>
    slot?.instance && hasDrifted(state, wanted, slot)
      ? [`${slot.name} is ${slot.instance.type}, not ${slot.lastAppliedType}`]
      : [],
  );
  const measured = places.filter(({ slot }) => slot?.measured.instance !== undefined).length;
  const seen = `${measured} of ${places.length} instances have the type that Keelson gave them`;
  const hidden = hiding(state, 'instances');
  if (hidden !== null) return unseen(INSTANCE_TYPES_IN_SYNC, hidden, drifted.length === 0 ? seen : drifted.join('; '));
  if (drifted.length > 0) {
    const hint = 'put it into the document (`keelson resize`), or set spec.drift to repair';
    return result('False', 'Drifted', `changed outside Keelson: ${drifted.join('; ')}`, hint);
  }
  return measured < places.length ? result('Unknown', 'NotMeasured', seen) : result('True', 'AsAsked', seen);
}
