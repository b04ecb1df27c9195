import { toFailure } from '../../aws/failure.js';
import { ruleKeysIn } from '../../aws/security-groups/rules.js';
import type { ObservedGroup, ObserveGroupsInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** Returns the rules of groups, by id; in one call for all clusters of the region that look at about the same time. */
export async function observeSecurityGroups(
  deps: ActivityDeps,
  attempt: ActivityContext,
  { region, groupIds }: ObserveGroupsInput,
): Promise<ObservedGroup[]> {
  try {
    const { group } = deps.readers(region);
    const found = await Promise.race([Promise.all(groupIds.map((id) => group.next(id))), attempt.cancelled]);
    return found.flatMap((one) => (one === undefined ? [] : [{ id: one.GroupId ?? '', rules: ruleKeysIn(one) }]));
  } catch (error) {
    if (attempt.signal.aborted) throw attempt.signal.reason;
    throw toFailure(error, `DescribeSecurityGroups by group-id for ${groupIds.join(', ')}`);
  }
}
