import type { Verdict } from '../conditions.js';
import { slotsOf } from '../ids.js';
import { hasDrifted } from '../plan/instance-type.js';
import type { ClusterState } from '../state.js';
import { hiding } from './observed.js';
import { unseen } from './tally.js';

/** Says nothing about health: nodes that went back to the type they had serve as well as before. */
export const TYPES_AS_ASKED = 'TypesAsAsked';

/** Whether nodes have the types that the document asks for, kept the ones they had, or were given other ones outside Keelson. */
export function instanceTypes(state: ClusterState): Verdict {
  const held = Object.values(state.heldTypes);
  const verdict = (status: Verdict['status'], reason: string, message: string, advice = ''): Verdict => ({
    type: TYPES_AS_ASKED,
    status,
    reason,
    message,
    advice,
  });
  if (held.length > 0) {
    const advice = 'resize to another type, or `keelson retry` to try this one again';
    return verdict('False', 'RolledBack', `the nodes keep their types: ${held.join('; ')}`, advice);
  }
  const wanted = slotsOf(state.document);
  const drifted = wanted.flatMap((one) => {
    const slot = state.slots[one.name];
    return slot?.instance && hasDrifted(state, one, slot)
      ? [`${slot.name} is ${slot.instance.type}, not ${slot.givenType}`]
      : [];
  });
  const measured = wanted.filter(({ name }) => state.slots[name]?.measured.instance !== undefined).length;
  const seen = `${measured} of ${wanted.length} instances have the type that Keelson gave them`;
  const hidden = hiding(state, 'instances');
  if (hidden !== null) return unseen(TYPES_AS_ASKED, hidden, drifted.length === 0 ? seen : drifted.join('; '));
  if (drifted.length > 0) {
    const advice = 'put it into the document (`keelson resize`), or set spec.drift to repair';
    return verdict('False', 'Drifted', `changed outside Keelson: ${drifted.join('; ')}`, advice);
  }
  return measured < wanted.length ? verdict('Unknown', 'NotMeasured', seen) : verdict('True', 'AsAsked', seen);
}
