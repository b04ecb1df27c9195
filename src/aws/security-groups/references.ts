import { type EC2Client, RevokeSecurityGroupIngressCommand, type SecurityGroup } from '@aws-sdk/client-ec2';
import { hasCode } from '../error-code.js';
import { toFailure } from '../failure.js';
import { ingressOf } from './rules.js';

/**
 * Closes the rules by which groups refer to each other, before their deletion: EC2 deletes no group that a rule of another group names
 * (`DependencyViolation`).
 */
export async function closeReferences(ec2: EC2Client, doomed: readonly SecurityGroup[]): Promise<void> {
  const ids = doomed.map((group) => group.GroupId);
  for (const group of doomed) {
    const references = ingressOf(group).filter(({ permission }) =>
      (permission.UserIdGroupPairs ?? []).some(({ GroupId }) => GroupId !== group.GroupId && ids.includes(GroupId)),
    );
    const { GroupId } = group;
    if (references.length === 0 || GroupId === undefined) continue;
    try {
      const IpPermissions = references.map(({ permission }) => permission);
      await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    } catch (error) {
      // Closed by someone else, or gone: the deletion shows whether that is enough.
      if (!hasCode(error, 'InvalidPermission.NotFound', 'InvalidGroup.NotFound'))
        throw toFailure(error, `RevokeSecurityGroupIngress ${GroupId} of rules that name another group`);
    }
  }
}
