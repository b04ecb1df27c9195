import { ruleKeysIn } from '../../aws/security-groups/rules.js';
import type { ObservedGroup, ObserveGroupsInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { sharedAnswer } from '../shared-answer.js';

/** Returns the rules of groups, by id; in one call for all clusters of the region that look at about the same time. */
export async function observeSecurityGroups(
  deps: ActivityDeps,
  attempt: ActivityContext,
  { region, groupIds }: ObserveGroupsInput,
): Promise<ObservedGroup[]> {
  const { group } = deps.readers(region);
  const attempted = `DescribeSecurityGroups by group-id for ${groupIds.join(', ')}`;
  const found = await sharedAnswer(attempt, attempted, Promise.all(groupIds.map((id) => group.next(id))));
  return found.flatMap((one) => (one === undefined ? [] : [{ id: one.GroupId ?? '', rules: ruleKeysIn(one) }]));
}
