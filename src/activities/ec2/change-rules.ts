import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  type EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { ApplicationFailure } from '@temporalio/common';
import { hasCode } from '../../aws/error-code.js';
import { toFailure } from '../../aws/failure.js';
import { ANY_OUT, ingressOf, type PermittedRule } from '../../aws/security-groups/rules.js';
import { OUT_TO_ALL, type RuleDifference } from '../../model/security-groups/keys.js';
import type { ErrorDetail } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { retryTransient } from '../retry-transient.js';
import type { ChangeTurns } from './change-turns.js';

export interface RuleChange {
  wanted: readonly PermittedRule[];
  present: readonly PermittedRule[];
  difference: RuleDifference;
}

/**
 * Opens the missing rules, then closes the superfluous ones. Only a full group gets its rules closed first: then it lacks some for a
 * moment.
 *
 * @returns what AWS has opened and closed, without what was so already
 */
export async function changeRules(
  ec2: EC2Client,
  attempt: ActivityContext,
  turn: ChangeTurns,
  groupId: string,
  { wanted, present, difference }: RuleChange,
): Promise<RuleDifference> {
  const { missing, extra } = difference;
  const open = wanted.filter(({ key }) => missing.includes(key));
  const close = present.filter(({ key }) => extra.includes(key));
  // The group may be unknown for a moment after its creation.
  const patient = retryTransient(attempt, `AuthorizeSecurityGroupIngress ${groupId}`);
  const opens = (): Promise<string[]> =>
    patient(() => inOneCall(open, (rules) => turn('next', () => authorize(ec2, groupId, rules))));
  const closes = (): Promise<string[]> => inOneCall(close, (rules) => turn('next', () => revoke(ec2, groupId, rules)));
  const out = missing.includes(OUT_TO_ALL) ? await authorizeOut(ec2, groupId) : [];
  let opened: string[];
  let closed: string[];
  try {
    opened = await opens();
    closed = await closes();
  } catch (error) {
    if (close.length === 0 || !isFull(error)) throw error;
    closed = await closes();
    opened = await opens();
  }
  if (opened.length + closed.length + out.length > 0)
    attempt.log.info('security group rules set', { securityGroupId: groupId, opened: [...opened, ...out], closed });
  return { missing: [...opened, ...out], extra: closed };
}

/**
 * Changes all rules in one call, which AWS carries out as a whole or not at all. If one of them exists, or is gone, already, each goes in
 * its own call.
 *
 * @param change resolves with the keys of the changed rules, or with null if AWS refuses the whole call for that reason
 */
async function inOneCall(
  rules: readonly PermittedRule[],
  change: (rules: readonly PermittedRule[]) => Promise<string[] | null>,
): Promise<string[]> {
  if (rules.length === 0) return [];
  const whole = await change(rules);
  if (whole !== null) return whole;
  const done: string[] = [];
  if (rules.length > 1) for (const rule of rules) done.push(...((await change([rule])) ?? []));
  return done;
}

const keysOf = (rules: readonly PermittedRule[]): string[] => rules.map(({ key }) => key);
const permissionsOf = (rules: readonly PermittedRule[]) => rules.map(({ permission }) => permission);

async function authorize(ec2: EC2Client, GroupId: string, rules: readonly PermittedRule[]): Promise<string[] | null> {
  try {
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: permissionsOf(rules) }));
    return keysOf(rules);
  } catch (error) {
    if (hasCode(error, 'InvalidPermission.Duplicate')) return null;
    throw toFailure(error, `AuthorizeSecurityGroupIngress ${GroupId} ${keysOf(rules).join(', ')}`);
  }
}

/**
 * In the default VPC EC2 revokes the existing rules and lists the rest; elsewhere it refuses the whole call. [docs:
 * RevokeSecurityGroupIngress]
 */
async function revoke(ec2: EC2Client, GroupId: string, rules: readonly PermittedRule[]): Promise<string[] | null> {
  try {
    const { UnknownIpPermissions: unknown = [] } = await ec2.send(
      new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: permissionsOf(rules) }),
    );
    const gone = keysOf(ingressOf({ IpPermissions: unknown }));
    return keysOf(rules).filter((key) => !gone.includes(key));
  } catch (error) {
    if (hasCode(error, 'InvalidPermission.NotFound')) return null;
    throw toFailure(error, `RevokeSecurityGroupIngress ${GroupId} ${keysOf(rules).join(', ')}`);
  }
}

async function authorizeOut(ec2: EC2Client, GroupId: string): Promise<string[]> {
  try {
    await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [ANY_OUT] }));
    return [OUT_TO_ALL];
  } catch (error) {
    if (hasCode(error, 'InvalidPermission.Duplicate')) return [];
    throw toFailure(error, `AuthorizeSecurityGroupEgress ${GroupId} ${OUT_TO_ALL}`);
  }
}

/** Returns whether AWS has no room for another rule in the group. */
const isFull = (error: unknown): boolean =>
  error instanceof ApplicationFailure &&
  (error.details?.[0] as ErrorDetail | undefined)?.code === 'RulesPerSecurityGroupLimitExceeded';
