import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestRegion, type TestRegion } from '../local-region.js';
import { launchOne, reaches } from './launch-one.js';

describe('security groups', () => {
  let region: TestRegion;
  let groupId: string;

  beforeEach(async () => {
    region = await startTestRegion();
    groupId = await create('keelson-shop');
  });
  afterEach(() => region.close());

  async function create(GroupName: string, VpcId?: string): Promise<string> {
    const { GroupId = '' } = await region.ec2Client().send(
      new CreateSecurityGroupCommand({
        GroupName,
        Description: 'of a test',
        ...(VpcId !== undefined && { VpcId }),
        TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: 'keelson:cluster', Value: 'shop' }] }],
      }),
    );
    return GroupId;
  }

  const api: IpPermission = {
    IpProtocol: 'tcp',
    FromPort: 6443,
    ToPort: 6443,
    IpRanges: [{ CidrIp: '192.0.2.0/24', Description: 'office' }],
  };
  const authorize = (IpPermissions: IpPermission[]) =>
    region.ec2Client().send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions }));
  const describeGroup = async () => {
    const Filters = [{ Name: 'tag:keelson:cluster', Values: ['shop'] }];
    const { SecurityGroups } = await region.ec2Client().send(new DescribeSecurityGroupsCommand({ Filters }));
    return SecurityGroups?.find(({ GroupId }) => GroupId === groupId);
  };

  it('keeps rules by source and shows them as they were given', async () => {
    // Prepare
    const etcd = { IpProtocol: 'tcp', FromPort: 2379, ToPort: 2380, UserIdGroupPairs: [{ GroupId: groupId }] };

    // Act
    const { SecurityGroupRules } = await authorize([api, etcd]);

    // Assess
    expect(SecurityGroupRules).toHaveLength(2);
    expect((await describeGroup())?.IpPermissions).toMatchObject([api, etcd]);
  });

  it('adds none of the rules when one is there already', async () => {
    // Prepare
    await authorize([api]);

    // Act
    const again = authorize([
      { IpProtocol: 'udp', FromPort: 8472, ToPort: 8472, IpRanges: [{ CidrIp: '10.0.0.0/8' }] },
      api,
    ]);

    // Assess
    await expect(again).rejects.toMatchObject({ name: 'InvalidPermission.Duplicate' });
    expect((await describeGroup())?.IpPermissions).toHaveLength(1);
  });

  const revoke = (GroupId: string, IpPermissions: IpPermission[]) =>
    region.ec2Client().send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  const ssh: IpPermission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };

  it('revokes what is there, and in the default VPC lists what is not', async () => {
    // Prepare
    await authorize([api]);

    // Act
    const answer = await revoke(groupId, [api, ssh]);

    // Assess
    expect((await describeGroup())?.IpPermissions).toEqual([]);
    expect(answer.UnknownIpPermissions).toMatchObject([ssh]);
  });

  it('revokes nothing in another VPC when one of the rules is not there', async () => {
    // Prepare
    const { Vpcs } = await region.ec2Client().send(new DescribeVpcsCommand({}));
    const elsewhere = await create('elsewhere', Vpcs?.find(({ IsDefault }) => !IsDefault)?.VpcId);
    const rule = new AuthorizeSecurityGroupIngressCommand({ GroupId: elsewhere, IpPermissions: [api] });
    await region.ec2Client().send(rule);

    // Act
    const refused = revoke(elsewhere, [api, ssh]);

    // Assess
    await expect(refused).rejects.toMatchObject({ name: 'InvalidPermission.NotFound' });
    await expect(region.ec2Client().send(rule)).rejects.toMatchObject({ name: 'InvalidPermission.Duplicate' });
  });

  it('lets everything out until someone takes that rule away, and keeps the network of an address', async () => {
    // Prepare
    const out: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };
    const before = await describeGroup();
    const egress = { GroupId: groupId, IpPermissions: [out] };

    // Act
    await region.ec2Client().send(new RevokeSecurityGroupEgressCommand(egress));
    const closed = await describeGroup();
    await region.ec2Client().send(new AuthorizeSecurityGroupEgressCommand(egress));
    await authorize([{ ...api, IpRanges: [{ CidrIp: '100.68.0.18/18' }] }]);

    // Assess
    expect(before?.IpPermissionsEgress).toMatchObject([out]);
    expect(closed?.IpPermissionsEgress).toEqual([]);
    expect((await describeGroup())?.IpPermissionsEgress).toMatchObject([out]);
    expect((await describeGroup())?.IpPermissions).toMatchObject([{ IpRanges: [{ CidrIp: '100.68.0.0/18' }] }]);
  });

  it('cannot be deleted while an instance or another group needs it', async () => {
    // Prepare
    const remove = () => region.ec2Client().send(new DeleteSecurityGroupCommand({ GroupId: groupId }));
    const id = await launchOne(region, {}, { SecurityGroupIds: [groupId] });
    const other = await create('keelson-other');
    const fromGroup: IpPermission = { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: groupId }] };
    const rule = { GroupId: other, IpPermissions: [fromGroup] };
    await region.ec2Client().send(new AuthorizeSecurityGroupIngressCommand(rule));

    // Act
    await expect(remove()).rejects.toMatchObject({ name: 'DependencyViolation' });
    await region.ec2Client().send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await reaches(region, id, 'terminated');
    await expect(remove()).rejects.toMatchObject({ name: 'DependencyViolation' });
    await region.ec2Client().send(new RevokeSecurityGroupIngressCommand(rule));
    await remove();

    // Assess
    await expect(remove()).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
  });

  it('refuses a second group of the same name in one network, and malformed sources', async () => {
    await expect(create('keelson-shop')).rejects.toMatchObject({ name: 'InvalidGroup.Duplicate' });
    const nonsense = authorize([{ ...api, IpRanges: [{ CidrIp: '300.0.0.0/8' }] }]);
    await expect(nonsense).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('does not take a group of another network for an instance', async () => {
    // Prepare
    const { Vpcs } = await region.ec2Client().send(new DescribeVpcsCommand({}));
    const other = await create('elsewhere', Vpcs?.find(({ IsDefault }) => !IsDefault)?.VpcId);

    // Act
    const refused = launchOne(region, {}, { SecurityGroupIds: [other] });

    // Assess
    await expect(refused).rejects.toMatchObject({ name: 'InvalidParameter' });
  });
});
