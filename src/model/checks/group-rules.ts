import type { Verdict } from '../conditions.js';
import { groupRulesVerdicts } from '../security-groups/condition.js';
import type { ClusterState } from '../state.js';
import { hiding } from './observed.js';
import { unseen } from './tally.js';

/** Whether its own security groups have the rules of the document, as far as that can be observed. */
export function groupRules(state: ClusterState): Verdict[] {
  const hidden = hiding(state, 'groups');
  const verdicts = groupRulesVerdicts(state);
  return hidden === null ? verdicts : verdicts.map(({ type, message }) => unseen(type, hidden, message));
}
