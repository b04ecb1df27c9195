import type { Verdict } from '../conditions.js';
import type { ClusterState } from '../state.js';
import { groupsDifferenceText, isRefused, isSetFor } from './own-groups.js';
import { ownsGroups } from './rules.js';

/** Whether the cluster's own security groups let in just what the document asks for; none where it names groups of its own. */
export function groupRulesVerdicts({ document, securityGroups: groups }: ClusterState): Verdict[] {
  if (!ownsGroups(document)) return [];
  const difference = groups === null ? null : groupsDifferenceText(document, groups);
  if (groups === null || difference === null)
    return [verdict('Unknown', 'NotSeen', 'the rules of its security groups are not known yet', '')];
  if (difference === '')
    return [verdict('True', 'AsAsked', 'its security groups have the rules of the document, and no others', '')];
  if (isRefused(document, groups)) {
    const message = `AWS refuses the rules of its security groups: ${groups.refused?.message}; still to do: ${difference}`;
    return [verdict('False', 'Refused', message, 'remove what AWS refuses, then `keelson retry`')];
  }
  const who = isSetFor(document, groups)
    ? 'someone has changed the rules by hand'
    : 'the document asks for other rules';
  return [verdict('False', 'Differs', `${who}: ${difference}`, 'Keelson sets them as soon as it may change something')];
}

const verdict = (status: Verdict['status'], reason: string, message: string, advice: string): Verdict => ({
  type: 'GroupRulesInSync',
  status,
  reason,
  message,
  advice,
});
