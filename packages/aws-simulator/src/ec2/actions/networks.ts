import { AwsError } from '../../aws-error.js';
import type { Action } from '../context.js';
import { type Fields, filtered } from '../filters.js';
import { freeAddresses } from '../free-addresses.js';
import { ACCOUNT_ID, type Subnet, type Vpc } from '../network.js';
import { pageOf } from '../pages.js';
import { tagSet } from '../tags.js';

const VPC_FIELDS: Fields<Vpc> = {
  'vpc-id': ({ id }) => id,
  'is-default': ({ isDefault }) => String(isDefault),
  isDefault: ({ isDefault }) => String(isDefault),
  cidr: ({ cidr }) => cidr,
  state: () => 'available',
};

export const describeVpcs: Action = ({ account }, params) => {
  const ids = params.list('VpcId');
  const lacking = ids.filter((id) => !account.vpcs.some((vpc) => vpc.id === id));
  if (lacking.length > 0) {
    throw new AwsError('InvalidVpcID.NotFound', 400, `The vpc ID '${lacking.join(', ')}' does not exist`);
  }
  const vpcs = account.vpcs.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const page = pageOf(filtered(vpcs, params, VPC_FIELDS), params, ({ id }) => id);
  return {
    vpcSet: page.items.map(({ id, cidr, isDefault, tags }) => ({
      vpcId: id,
      ownerId: ACCOUNT_ID,
      state: 'available',
      cidrBlock: cidr,
      cidrBlockAssociationSet: [{ cidrBlock: cidr, cidrBlockState: { state: 'associated' } }],
      instanceTenancy: 'default',
      isDefault,
      tagSet: tagSet(tags),
    })),
    nextToken: page.nextToken,
  };
};

const SUBNET_FIELDS: Fields<Subnet> = {
  'subnet-id': ({ id }) => id,
  'vpc-id': ({ vpcId }) => vpcId,
  'availability-zone': ({ zone }) => zone,
  'default-for-az': ({ isDefault }) => String(isDefault),
  defaultForAz: ({ isDefault }) => String(isDefault),
  'map-public-ip-on-launch': ({ mapPublicIp }) => String(mapPublicIp),
  'cidr-block': ({ cidr }) => cidr,
  state: () => 'available',
};

export const describeSubnets: Action = ({ world, account }, params) => {
  const ids = params.list('SubnetId');
  const lacking = ids.filter((id) => !account.subnets.some((subnet) => subnet.id === id));
  if (lacking.length > 0) {
    throw new AwsError('InvalidSubnetID.NotFound', 400, `The subnet ID '${lacking.join(', ')}' does not exist`);
  }
  const subnets = account.subnets.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const page = pageOf(filtered(subnets, params, SUBNET_FIELDS), params, ({ zone, id }) => `${zone}/${id}`);
  return {
    subnetSet: page.items.map((subnet) => ({
      subnetId: subnet.id,
      subnetArn: `arn:aws:ec2:${account.region}:${ACCOUNT_ID}:subnet/${subnet.id}`,
      state: 'available',
      ownerId: ACCOUNT_ID,
      vpcId: subnet.vpcId,
      cidrBlock: subnet.cidr,
      availableIpAddressCount: freeAddresses(world, account, subnet),
      availabilityZone: subnet.zone,
      availabilityZoneId: `${account.region}-az${subnet.zone.charCodeAt(subnet.zone.length - 1) - 96}`,
      defaultForAz: subnet.isDefault,
      mapPublicIpOnLaunch: subnet.mapPublicIp,
      tagSet: tagSet(subnet.tags),
    })),
    nextToken: page.nextToken,
  };
};
