/** Common parts of the permission checks of EC2's calls. */
import type { Account } from '../ec2/account.js';
import type { Params } from '../ec2/params.js';
import type { Check } from './check.js';
import { newResource, type Resource } from './ec2-resources.js';

/** A call of EC2 to check. */
export interface Ec2Question {
  action: string;
  account: Account;
  params: Params;
}

export function checkOf(action: string, { arn, kind, keys }: Resource): Check {
  return { action: `ec2:${action}`, resource: arn, kind, keys };
}

/**
 * Returns the additional permissions of a call that makes something: to give it the tags of the request. Without tags it needs none. [EC2
 * user guide: Grant permission to tag resources during creation]
 */
export function tagsAtCreation(action: string, region: string, kind: string, tags: Record<string, string>): Check[] {
  if (Object.keys(tags).length === 0) return [];
  return [checkOf('CreateTags', newResource(region, kind, tags, { 'ec2:CreateAction': action }))];
}

/** Returns the tags of a call, by `TagSpecification`; the action decides about them. */
export function tagsAsked(params: Params, kind: string): Record<string, string> {
  const asked = params.structs('TagSpecification').filter((one) => one.text('ResourceType') === kind);
  const pairs = asked.flatMap((one) => one.structs('Tag'));
  return Object.fromEntries(pairs.map((pair) => [pair.text('Key') ?? '', pair.text('Value') ?? '']));
}
