import { AwsError } from '../../aws-error.js';
import type { SecurityGroup } from '../account.js';
import type { Action, Ec2Context } from '../context.js';
import { type Fields, filtered } from '../filters.js';
import { findGroup } from '../find.js';
import { newId } from '../ids.js';
import { ACCOUNT_ID } from '../network.js';
import { pageOf } from '../pages.js';
import { invalidValue, missing } from '../params.js';
import { anyOut, permissionsXml, type Rule, readRules, ruleXml, sameRule } from '../rules.js';
import { specifiedTags, tagSet } from '../tags.js';

/** Rules of a group, at most. [docs: VPC quotas] */
const MAX_RULES = 60;

const FIELDS: Fields<SecurityGroup> = {
  'group-id': ({ id }) => id,
  'group-name': ({ name }) => name,
  'vpc-id': ({ vpcId }) => vpcId,
  description: ({ description }) => description,
};

export const createSecurityGroup: Action = (context, params) => {
  const { account } = context;
  const name = params.required('GroupName');
  const description = params.required('GroupDescription');
  const vpcId = params.text('VpcId') ?? account.defaultVpc()?.id ?? '';
  if (!account.vpcs.some((vpc) => vpc.id === vpcId)) {
    throw new AwsError('InvalidVpcID.NotFound', 400, `The vpc ID '${vpcId}' does not exist`);
  }
  if (name.length > 255 || /^sg-/i.test(name))
    throw invalidValue('groupName', name, 'At most 255 characters, not beginning with sg-.');
  if ([...account.groups.values()].some((group) => group.vpcId === vpcId && group.name === name)) {
    const message = `The security group '${name}' already exists for VPC '${vpcId}'`;
    throw new AwsError('InvalidGroup.Duplicate', 400, message);
  }
  const tags = specifiedTags(params, 'security-group');
  const group: SecurityGroup = { id: newId('sg'), name, description, vpcId, ingress: [], egress: [anyOut()], tags };
  account.groups.set(group.id, group);
  return { return: true, groupId: group.id, tagSet: tagSet(tags) };
};

export const describeSecurityGroups: Action = (context, params) => {
  const ids = params.list('GroupId');
  const names = params.list('GroupName');
  const all = ids.length > 0 ? ids.map((id) => findGroup(context, id)) : [...context.account.groups.values()];
  const named = all.filter(({ name }) => names.length === 0 || names.includes(name));
  const page = pageOf(filtered(named, params, FIELDS), params, ({ id }) => id);
  return {
    securityGroupInfo: page.items.map((group) => ({
      ownerId: ACCOUNT_ID,
      groupId: group.id,
      groupName: group.name,
      groupDescription: group.description,
      vpcId: group.vpcId,
      ipPermissions: permissionsXml(group.ingress),
      ipPermissionsEgress: permissionsXml(group.egress),
      tagSet: tagSet(group.tags),
    })),
    nextToken: page.nextToken,
  };
};

type Direction = 'ingress' | 'egress';

/** If one of the rules exists already, EC2 adds none of them. [docs: EC2 error codes] */
const authorize =
  (direction: Direction): Action =>
  (context, params) => {
    const group = findGroup(context, requiredGroup(params.text('GroupId')));
    const rules = readRules(params);
    for (const [index, rule] of rules.entries()) {
      if (rule.source.kind === 'group') findGroup(context, rule.source.value);
      const known = [...group[direction], ...rules.slice(0, index)];
      if (known.some((present) => sameRule(present, rule))) throw duplicate(rule);
    }
    if (group[direction].length + rules.length > MAX_RULES) {
      const message = 'The maximum number of rules per security group has been reached.';
      throw new AwsError('RulesPerSecurityGroupLimitExceeded', 400, message);
    }
    const added = rules.map((rule): Rule => ({ ...rule, id: newId('sgr') }));
    group[direction].push(...added);
    const xml = added.map((rule) => ruleXml(group.id, rule, direction === 'egress'));
    return { return: true, securityGroupRuleSet: xml };
  };

/**
 * By permissions or by rule ids. In the default VPC EC2 lists missing permissions and revokes the others; elsewhere it revokes nothing.
 * [docs: RevokeSecurityGroupIngress]
 */
const revoke =
  (direction: Direction): Action =>
  (context, params) => {
    const group = findGroup(context, requiredGroup(params.text('GroupId')));
    const ids = params.list('SecurityGroupRuleId');
    const unknownId = ids.find((id) => group[direction].every((present) => present.id !== id));
    if (unknownId !== undefined) {
      const message = `The security group rule ID '${unknownId}' does not exist`;
      throw new AwsError('InvalidSecurityGroupRuleId.NotFound', 400, message);
    }
    const rules = ids.length > 0 ? [] : readRules(params);
    const isThere = (rule: Rule): boolean => group[direction].some((present) => sameRule(present, rule));
    const unknown = rules.filter((rule) => !isThere(rule));
    const lenient = context.account.defaultVpc()?.id === group.vpcId;
    if (unknown.length > 0 && !lenient) {
      const message = 'The specified rule does not exist in this security group.';
      throw new AwsError('InvalidPermission.NotFound', 400, message);
    }
    group[direction] = group[direction].filter(
      (present) => !ids.includes(present.id) && !rules.some((rule) => sameRule(present, rule)),
    );
    return { return: true, unknownIpPermissionSet: permissionsXml(unknown) };
  };

export const authorizeSecurityGroupIngress = authorize('ingress');
export const authorizeSecurityGroupEgress = authorize('egress');
export const revokeSecurityGroupIngress = revoke('ingress');
export const revokeSecurityGroupEgress = revoke('egress');

export const deleteSecurityGroup: Action = (context, params) => {
  const group = findGroup(context, requiredGroup(params.text('GroupId')));
  if (group.name === 'default') {
    throw new AwsError(
      'CannotDelete',
      400,
      `the specified group: "${group.id}" name: "default" cannot be deleted by a user`,
    );
  }
  if (isNeeded(context, group)) {
    throw new AwsError('DependencyViolation', 400, `resource ${group.id} has a dependent object`);
  }
  context.account.groups.delete(group.id);
  return { return: true, groupId: group.id };
};

function isNeeded({ account }: Ec2Context, group: SecurityGroup): boolean {
  const names = ({ source }: Rule): boolean => source.kind === 'group' && source.value === group.id;
  const referenced = [...account.groups.values()].some((other) => other !== group && other.ingress.some(names));
  return referenced || account.usersOf(group.id).length > 0;
}

function requiredGroup(id: string | undefined): string {
  if (id === undefined) throw missing('GroupId');
  return id;
}

function duplicate({ protocol, fromPort, toPort, source }: Rule): AwsError {
  const rule = `peer: ${source.value}, ${protocol.toUpperCase()}, from port: ${fromPort}, to port: ${toPort}, ALLOW`;
  return new AwsError('InvalidPermission.Duplicate', 400, `the specified rule "${rule}" already exists`);
}
