/** What the calls of EC2 have in common when they are judged. */
import type { Account } from '../ec2/account.js';
import type { Params } from '../ec2/params.js';
import { newResource, type Resource } from './ec2-resources.js';
import type { Check } from './evaluator.js';

/** A call of EC2 that is to be judged. */
export interface Ec2Question {
  action: string;
  account: Account;
  params: Params;
}

export function checkOf(action: string, { arn, kind, keys }: Resource): Check {
  return { action: `ec2:${action}`, resource: arn, kind, keys };
}

/**
 * What a call that makes something must be allowed besides: to give it the tags of the request. Without tags nothing is asked.
 * [EC2 user guide: Grant permission to tag resources during creation]
 */
export function tagsAtCreation(action: string, region: string, kind: string, tags: Record<string, string>): Check[] {
  if (Object.keys(tags).length === 0) return [];
  return [checkOf('CreateTags', newResource(region, kind, tags, { 'ec2:CreateAction': action }))];
}

/** Tags that a call asks for, by `TagSpecification`; whether they may be is the action's own matter. */
export function tagsAsked(params: Params, kind: string): Record<string, string> {
  const asked = params.structs('TagSpecification').filter((one) => one.text('ResourceType') === kind);
  const pairs = asked.flatMap((one) => one.structs('Tag'));
  return Object.fromEntries(pairs.map((pair) => [pair.text('Key') ?? '', pair.text('Value') ?? '']));
}
