import {
  AuthorizeSecurityGroupEgressCommand,
  CreateSecurityGroupCommand,
  type EC2Client,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import { hasCode } from '../../aws/error-code.js';
import { toFailure } from '../../aws/failure.js';
import { findGroups, groupName } from '../../aws/security-groups/find.js';
import { ANY_OUT } from '../../aws/security-groups/rules.js';
import { ownedBy, tagSpecifications } from '../../aws/tags.js';
import { DRILL_SLOT } from '../../model/drill/state.js';
import { clusterTags, type Owner, TAG } from '../../model/tags.js';
import type { DrillGroupInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { retryTransient } from '../retry-transient.js';
import { ownerOf } from './proof.js';

/**
 * Makes the security group of a drill's machine: it lets nothing in, and only the given ports out. It takes a group that an earlier attempt
 * has made.
 *
 * @returns its id
 */
export async function ensureDrillGroup(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: DrillGroupInput,
): Promise<string> {
  const ec2 = deps.clients.ec2(input.region);
  const [owner] = await Promise.all([ownerOf(deps, input), requireClaim(deps, input)]);
  const group = (await find(ec2, owner, input.vpcId)) ?? (await create(ec2, owner, input));
  const id = group.GroupId ?? '';
  // The group may be unknown for a moment after its creation.
  const patient = retryTransient(attempt, `the rules of ${id}`);
  await patient(() => authorize(ec2, id, input.ports));
  // EC2 gives each new group a rule that lets everything out. It goes last, so that a group without any rule never counts as done.
  await patient(() => revokeAnyOut(ec2, id));
  return id;
}

/** By tags and name together: neither alone proves that a group is the cluster's. */
async function find(ec2: EC2Client, owner: Owner, vpcId: string): Promise<SecurityGroup | undefined> {
  const [group] = await findGroups(ec2, [
    ...ownedBy(owner),
    { Name: 'vpc-id', Values: [vpcId] },
    { Name: 'group-name', Values: [groupName(owner, DRILL_SLOT)] },
  ]);
  return group;
}

async function create(ec2: EC2Client, owner: Owner, { vpcId, tags }: DrillGroupInput): Promise<SecurityGroup> {
  const GroupName = groupName(owner, DRILL_SLOT);
  try {
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({
        GroupName,
        Description: `Drill of a backup of the K3s cluster ${owner.cluster}, made by Keelson`,
        VpcId: vpcId,
        TagSpecifications: tagSpecifications({ ...clusterTags(owner, tags), [TAG.slot]: DRILL_SLOT }, 'security-group'),
      }),
    );
    return GroupId === undefined ? {} : { GroupId };
  } catch (error) {
    // An earlier attempt has made it, and EC2 did not show it yet.
    const earlier = hasCode(error, 'InvalidGroup.Duplicate') ? await find(ec2, owner, vpcId) : undefined;
    if (earlier !== undefined) return earlier;
    throw toFailure(error, `CreateSecurityGroup ${GroupName} in ${vpcId}`);
  }
}

const wayOut = (port: number): IpPermission => ({
  IpProtocol: 'tcp',
  FromPort: port,
  ToPort: port,
  IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'keelson: S3, SSM, mirror' }],
});

/** Each in its own call: an existing rule would make EC2 refuse them all. */
async function authorize(ec2: EC2Client, GroupId: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    try {
      await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions: [wayOut(port)] }));
    } catch (error) {
      if (!hasCode(error, 'InvalidPermission.Duplicate'))
        throw toFailure(error, `AuthorizeSecurityGroupEgress ${GroupId} ${port}/tcp`);
    }
  }
}

async function revokeAnyOut(ec2: EC2Client, GroupId: string): Promise<void> {
  try {
    await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: [ANY_OUT] }));
  } catch (error) {
    if (!hasCode(error, 'InvalidPermission.NotFound'))
      throw toFailure(error, `RevokeSecurityGroupEgress ${GroupId} all to 0.0.0.0/0`);
  }
}
