import type { ConditionResult } from '../conditions.js';
import type { ClusterState } from '../state.js';
import { groupsDifferenceText, isRefused, isSetFor } from './own-groups.js';
import { ownsGroups } from './rules.js';

/**
 * Returns whether the cluster's own security groups let in just what the document asks for; no condition for a document that names its own
 * groups.
 */
export function groupRulesResults({ document, securityGroups: groups }: ClusterState): ConditionResult[] {
  if (!ownsGroups(document)) return [];
  const difference = groups === null ? null : groupsDifferenceText(document, groups);
  if (groups === null || difference === null)
    return [result('Unknown', 'NotSeen', 'the rules of its security groups are not known yet', '')];
  if (difference === '')
    return [result('True', 'AsAsked', 'its security groups have the rules of the document, and no others', '')];
  if (isRefused(document, groups)) {
    const message = `AWS refuses the rules of its security groups: ${groups.refused?.message}; still to do: ${difference}`;
    return [result('False', 'Refused', message, 'remove what AWS refuses, then `keelson retry`')];
  }
  const who = isSetFor(document, groups)
    ? 'someone has changed the rules by hand'
    : 'the document asks for other rules';
  return [result('False', 'Differs', `${who}: ${difference}`, 'Keelson sets them as soon as it may change something')];
}

const result = (status: ConditionResult['status'], reason: string, message: string, hint: string): ConditionResult => ({
  type: 'GroupRulesInSync',
  status,
  reason,
  message,
  hint,
});
