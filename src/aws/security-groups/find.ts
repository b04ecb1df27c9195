import { type EC2Client, type Filter, paginateDescribeSecurityGroups, type SecurityGroup } from '@aws-sdk/client-ec2';
import { GROUP_ROLES, type GroupRole } from '../../model/security-groups/rules.js';
import type { Owner } from '../../model/tags.js';
import { toFailure } from '../failure.js';
import { allPages } from '../pages.js';

/** Security groups that match all filters. */
export async function findGroups(ec2: EC2Client, filters: Filter[]): Promise<SecurityGroup[]> {
  try {
    return await allPages(
      paginateDescribeSecurityGroups({ client: ec2 }, { Filters: filters }),
      (page) => page.SecurityGroups,
    );
  } catch (error) {
    throw toFailure(error, `DescribeSecurityGroups by ${filters.map((filter) => filter.Name).join(', ')}`);
  }
}

/**
 * The name of a cluster's own group. It is given at creation and never changes, so that with the tags it proves whose the group is: tags
 * alone can be put on any group. It is unique in its VPC, so that of two creations at the same time EC2 refuses one.
 */
export const groupName = ({ cluster, uid }: Pick<Owner, 'cluster' | 'uid'>, role: GroupRole): string =>
  `keelson-${cluster}-${uid}-${role}s`;

/** Whether a group that carries the owner's tags is the owner's by its name, too. */
export const isOwnGroup = ({ GroupName }: SecurityGroup, owner: Pick<Owner, 'cluster' | 'uid'>): boolean =>
  GROUP_ROLES.some((role) => GroupName === groupName(owner, role));
