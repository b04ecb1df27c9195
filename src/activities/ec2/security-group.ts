import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  type EC2Client,
  type Filter,
  paginateDescribeSecurityGroups,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import { hasCode } from '../../aws/error-code.js';
import { toFailure } from '../../aws/failure.js';
import { allPages } from '../../aws/pages.js';
import { ownedBy, tagSpecifications } from '../../aws/tags.js';
import { clusterTags, type Owner } from '../../model/tags.js';
import type { SecurityGroupInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { tolerant } from '../tolerant.js';
import { API_RULE, presentRules, type Rule, wantedRules } from './group-rules.js';

/**
 * The cluster's own group, with just the rules that it must have: made if it is not there, put right if somebody changed
 * it. Rules that are not ours stay.
 */
export async function ensureSecurityGroup(
  deps: ActivityDeps,
  attempt: Attempt,
  input: SecurityGroupInput,
): Promise<{ securityGroupId: string }> {
  const ec2 = deps.clients.ec2(input.region);
  const inVpc: Filter = { Name: 'vpc-id', Values: [input.vpcId] };
  const group = (await findGroups(ec2, [...ownedBy(input), inVpc]))[0] ?? (await create(ec2, input));
  const securityGroupId = group.GroupId ?? '';
  const present = presentRules(group.IpPermissions ?? []);
  const wanted = wantedRules(securityGroupId, input.apiCidrs);
  const missing = wanted.filter((rule) => !present.some(({ key }) => key === rule.key));
  const stale = present.filter((rule) => rule.description === API_RULE && !wanted.some(({ key }) => key === rule.key));
  // The group may be unknown for a moment after its creation.
  const patient = tolerant(attempt, `AuthorizeSecurityGroupIngress ${securityGroupId}`);
  await Promise.all(missing.map((rule) => patient(() => authorize(ec2, securityGroupId, rule))));
  await Promise.all(stale.map((rule) => revoke(ec2, securityGroupId, rule)));
  if (missing.length + stale.length > 0)
    attempt.log.info('security group put right', {
      securityGroupId,
      added: missing.map((rule) => rule.key),
      removed: stale.map((rule) => rule.key),
    });
  return { securityGroupId };
}

export async function findGroups(ec2: EC2Client, filters: Filter[]): Promise<SecurityGroup[]> {
  try {
    return await allPages(
      paginateDescribeSecurityGroups({ client: ec2 }, { Filters: filters }),
      (page) => page.SecurityGroups,
    );
  } catch (error) {
    throw toFailure(error, 'DescribeSecurityGroups by tag');
  }
}

/** Its name is unique per VPC, so that of two creations at the same time one is refused. */
const groupName = (owner: Owner): string => `keelson-${owner.cluster}-${owner.uid}`;

async function create(ec2: EC2Client, input: SecurityGroupInput): Promise<SecurityGroup> {
  const GroupName = groupName(input);
  try {
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({
        GroupName,
        Description: `Nodes of the K3s cluster ${input.cluster}, made by Keelson`,
        VpcId: input.vpcId,
        TagSpecifications: tagSpecifications(clusterTags(input, input.tags), 'security-group'),
      }),
    );
    return { ...(GroupId === undefined ? {} : { GroupId }) };
  } catch (error) {
    if (hasCode(error, 'InvalidGroup.Duplicate')) {
      const filters = [
        { Name: 'group-name', Values: [GroupName] },
        { Name: 'vpc-id', Values: [input.vpcId] },
      ];
      const [earlier] = await findGroups(ec2, filters);
      if (earlier !== undefined) return earlier;
    }
    throw toFailure(error, `CreateSecurityGroup ${GroupName} in ${input.vpcId}`);
  }
}

async function authorize(ec2: EC2Client, GroupId: string, rule: Rule): Promise<void> {
  try {
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule.permission] }));
  } catch (error) {
    if (hasCode(error, 'InvalidPermission.Duplicate')) return;
    throw toFailure(error, `AuthorizeSecurityGroupIngress ${GroupId} ${rule.key}`);
  }
}

async function revoke(ec2: EC2Client, GroupId: string, rule: Rule): Promise<void> {
  try {
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule.permission] }));
  } catch (error) {
    if (hasCode(error, 'InvalidPermission.NotFound')) return;
    throw toFailure(error, `RevokeSecurityGroupIngress ${GroupId} ${rule.key}`);
  }
}
