import { type EC2Client, type Filter, paginateDescribeSecurityGroups, type SecurityGroup } from '@aws-sdk/client-ec2';
import { DRILL_SLOT } from '../../model/drill/state.js';
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
 * Returns the name of a cluster's own group. It is given at creation and never changes, so that name and tags together prove the owner;
 * tags alone can be put on any group. It is unique in its VPC, so that EC2 refuses one of two simultaneous creations.
 */
export const groupName = (
  { cluster, uid }: Pick<Owner, 'cluster' | 'uid'>,
  role: GroupRole | typeof DRILL_SLOT,
): string => `keelson-${cluster}-${uid}-${role}s`;

/** Returns whether a group with the owner's tags also has the owner's name. */
export const isOwnGroup = ({ GroupName }: SecurityGroup, owner: Pick<Owner, 'cluster' | 'uid'>): boolean =>
  ([...GROUP_ROLES, DRILL_SLOT] as const).some((role) => GroupName === groupName(owner, role));
