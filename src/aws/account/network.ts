import {
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  paginateDescribeSubnets,
  type Subnet,
  type Vpc,
} from '@aws-sdk/client-ec2';
import type { ClusterSpec } from '../../model/spec/schema.js';
import type { LaunchConfig } from '../../model/state.js';
import { codeOf, hasCode } from '../error-code.js';
import { toFailure } from '../failure.js';
import { allPages } from '../pages.js';
import { invalid } from './invalid.js';

type Network = ClusterSpec['network'];
interface Resolved {
  network: Pick<LaunchConfig, 'vpcId' | 'vpcCidr' | 'subnets' | 'securityGroupIds'>;
  /** All of the VPC, secondary ones included. */
  vpcCidrs: string[];
  /** Free addresses of the subnets, by zone; null where AWS does not tell them of each. */
  room: Record<string, number> | null;
}

/** VPC, subnets (by zone, then id) and groups of the document; the default VPC and its default subnets where it names none. */
export async function resolveNetwork(ec2: EC2Client, network: Network, region: string): Promise<Resolved> {
  const [vpc, given] = await Promise.all([
    findVpc(ec2, network.vpcId, region),
    network.subnetIds === undefined ? null : givenSubnets(ec2, network.subnetIds, region),
  ]);
  const vpcId = vpc.VpcId ?? '';
  const foreign = (given ?? []).filter((subnet) => subnet.VpcId !== vpcId);
  if (foreign.length > 0)
    throw invalid(
      'SubnetNotInVpc',
      `${foreign.map((subnet) => `${subnet.SubnetId} is in ${subnet.VpcId}`).join(', ')}, not in ${vpcId}${network.vpcId === undefined ? ', the default VPC' : ''}`,
      'name subnets of one VPC in spec.network.subnetIds, and that VPC in spec.network.vpcId',
    );
  const subnets = given ?? (await defaultSubnets(ec2, vpcId));
  if (subnets.length === 0)
    throw invalid('NoSubnets', `the VPC ${vpcId} has no subnets`, 'make a subnet, or name another VPC in spec.network');
  const securityGroupIds = network.securityGroupIds ?? [];
  const named = [...securityGroupIds, ...network.extraSecurityGroupIds];
  if (named.length > 0) await checkGroups(ec2, named, vpcId);
  const vpcCidr = vpc.CidrBlock ?? '';
  return {
    network: { vpcId, vpcCidr, subnets: subnets.map(subnetOf).sort(byZone), securityGroupIds },
    vpcCidrs: [...new Set([vpcCidr, ...secondaryCidrs(vpc)])].filter((cidr) => cidr !== ''),
    room: roomOf(subnets),
  };
}

function secondaryCidrs(vpc: Vpc): string[] {
  const associated = (vpc.CidrBlockAssociationSet ?? []).filter(
    ({ CidrBlockState: state }) => state?.State === 'associated',
  );
  return associated.flatMap(({ CidrBlock: cidr }) => cidr ?? []);
}

async function findVpc(ec2: EC2Client, vpcId: string | undefined, region: string): Promise<Vpc> {
  const which = vpcId === undefined ? 'the default VPC' : vpcId;
  try {
    const { Vpcs: vpcs = [] } = await ec2.send(
      new DescribeVpcsCommand(
        vpcId === undefined ? { Filters: [{ Name: 'is-default', Values: ['true'] }] } : { VpcIds: [vpcId] },
      ),
    );
    if (vpcs[0] !== undefined) return vpcs[0];
  } catch (error) {
    if (!hasCode(error, 'InvalidVpcID.NotFound', 'InvalidVpcId.Malformed'))
      throw toFailure(error, `DescribeVpcs ${which} in ${region}`);
  }
  if (vpcId === undefined)
    throw invalid(
      'NoDefaultVpc',
      `${region} has no default VPC`,
      'name a VPC and its subnets in spec.network, or make a default VPC: aws ec2 create-default-vpc',
    );
  throw invalid('VpcUnknown', `there is no VPC ${vpcId} in ${region}`, 'correct spec.network.vpcId or spec.region');
}

async function givenSubnets(ec2: EC2Client, ids: string[], region: string): Promise<Subnet[]> {
  try {
    return await listSubnets(ec2, { SubnetIds: ids });
  } catch (error) {
    if (hasCode(error, 'InvalidSubnetID.NotFound', 'InvalidSubnetId.Malformed', 'InvalidSubnetID.Malformed'))
      throw invalid(
        'SubnetUnknown',
        `${region} does not have all of the subnets ${ids.join(', ')} (${codeOf(error)})`,
        'correct spec.network.subnetIds or spec.region',
        { cause: error },
      );
    throw toFailure(error, `DescribeSubnets ${ids.join(', ')} in ${region}`);
  }
}

/** Default subnets, one a zone; a VPC that was made by hand has none, and then all of its subnets count. */
async function defaultSubnets(ec2: EC2Client, vpcId: string): Promise<Subnet[]> {
  try {
    const all = await listSubnets(ec2, { Filters: [{ Name: 'vpc-id', Values: [vpcId] }] });
    const defaults = all.filter((subnet) => subnet.DefaultForAz);
    return defaults.length > 0 ? defaults : all;
  } catch (error) {
    throw toFailure(error, `DescribeSubnets of ${vpcId}`);
  }
}

function listSubnets(
  ec2: EC2Client,
  which: { SubnetIds: string[] } | { Filters: { Name: string; Values: string[] }[] },
) {
  return allPages(paginateDescribeSubnets({ client: ec2 }, which), (page) => page.Subnets);
}

async function checkGroups(ec2: EC2Client, ids: string[], vpcId: string): Promise<void> {
  try {
    const { SecurityGroups: groups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ids }));
    const foreign = groups.filter((group) => group.VpcId !== vpcId);
    if (foreign.length > 0)
      throw invalid(
        'SecurityGroupNotInVpc',
        `${foreign.map((group) => `${group.GroupId} is in ${group.VpcId}`).join(', ')}, not in ${vpcId}`,
        'name groups of that VPC in spec.network.securityGroupIds, or none: then Keelson makes one',
      );
  } catch (error) {
    if (hasCode(error, 'InvalidGroup.NotFound', 'InvalidGroupId.Malformed'))
      throw invalid(
        'SecurityGroupUnknown',
        `the account does not have all of the security groups ${ids.join(', ')}`,
        'correct spec.network.securityGroupIds and extraSecurityGroupIds',
        { cause: error },
      );
    throw toFailure(error, `DescribeSecurityGroups ${ids.join(', ')}`);
  }
}

const subnetOf = (subnet: Subnet) => ({
  id: subnet.SubnetId ?? '',
  zone: subnet.AvailabilityZone ?? '',
  cidr: subnet.CidrBlock ?? '',
});

function roomOf(subnets: readonly Subnet[]): Record<string, number> | null {
  const room: Record<string, number> = {};
  for (const { AvailabilityZone: zone = '', AvailableIpAddressCount: free } of subnets) {
    if (free === undefined) return null;
    room[zone] = (room[zone] ?? 0) + free;
  }
  return room;
}

function byZone(a: { zone: string; id: string }, b: { zone: string; id: string }): number {
  const [left, right] = [`${a.zone} ${a.id}`, `${b.zone} ${b.id}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
