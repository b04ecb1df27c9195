import { findGroups } from '../../aws/security-groups/find.js';
import { ruleKeysIn } from '../../aws/security-groups/rules.js';
import type { ObservedGroup, ObserveGroupsInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** The rules of groups, by id. By filter and not by `GroupIds`: there one that is gone fails the call for all. */
export async function observeSecurityGroups(
  deps: ActivityDeps,
  _: Attempt,
  { region, groupIds }: ObserveGroupsInput,
): Promise<ObservedGroup[]> {
  const groups = await findGroups(deps.clients.ec2(region), [{ Name: 'group-id', Values: groupIds }]);
  return groups.map((group) => ({ id: group.GroupId ?? '', rules: ruleKeysIn(group) }));
}
