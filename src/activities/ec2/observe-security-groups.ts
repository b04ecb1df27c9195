import { findGroups } from '../../aws/security-groups/find.js';
import { ruleKeysIn } from '../../aws/security-groups/rules.js';
import type { ObservedGroup, ObserveGroupsInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** Returns the rules of groups, by id. It uses a filter and not `GroupIds`, where one missing group fails the call for all. */
export async function observeSecurityGroups(
  deps: ActivityDeps,
  _: ActivityContext,
  { region, groupIds }: ObserveGroupsInput,
): Promise<ObservedGroup[]> {
  const groups = await findGroups(deps.clients.ec2(region), [{ Name: 'group-id', Values: groupIds }]);
  return groups.map((group) => ({ id: group.GroupId ?? '', rules: ruleKeysIn(group) }));
}
