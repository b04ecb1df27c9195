import type { ConditionResult } from '../conditions.js';
import { groupRulesResults } from '../security-groups/condition.js';
import type { ClusterState } from '../state.js';
import { hiding } from './observed.js';
import { unseen } from './tally.js';

/** Returns whether the cluster's own security groups have the document's rules, as far as Keelson can observe them. */
export function groupRules(state: ClusterState): ConditionResult[] {
  const hidden = hiding(state, 'groups');
  const results = groupRulesResults(state);
  return hidden === null ? results : results.map(({ type, message }) => unseen(type, hidden, message));
}
