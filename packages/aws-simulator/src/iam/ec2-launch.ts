/** Permissions for RunInstances: each resource that it makes, each that it uses, the tags, and the role that it passes. */
import type { Account } from '../ec2/account.js';
import type { Params } from '../ec2/params.js';
import type { Check, Keys } from './check.js';
import { checkOf, type Ec2Question, tagsAsked, tagsAtCreation } from './ec2-checks.js';
import { ec2Arn, newResource, profileArn, type Resource, resourceOf } from './ec2-resources.js';
import { roleOfProfile } from './principals.js';

/** Resources that a launch makes and tags. */
const MADE = ['instance', 'volume', 'network-interface'] as const;

export function launchChecks({ action, account, params }: Ec2Question): Check[] {
  const { region } = account;
  const face = params.structs('NetworkInterface')[0] ?? params;
  const subnet = resourceOf(account, face.text('SubnetId') ?? defaultSubnet(account, params));
  const tags = Object.fromEntries(MADE.map((kind) => [kind, tagsAsked(params, kind)]));
  const madeKeys: Record<(typeof MADE)[number], Keys> = {
    instance: instanceKeys(params, subnet),
    volume: volumeKeys(params),
    'network-interface': faceKeys(face, subnet),
  };
  const made = MADE.map((kind) => newResource(region, kind, tags[kind] ?? {}, madeKeys[kind]));
  const used = [
    resourceOf(account, params.text('ImageId') ?? ''),
    subnet,
    ...groupIds(account, face, subnet).map((id) => resourceOf(account, id)),
    ...named(
      region,
      'capacity-reservation',
      params
        .struct('CapacityReservationSpecification')
        .struct('CapacityReservationTarget')
        .text('CapacityReservationId'),
    ),
    ...reservationGroup(params),
    ...named(region, 'key-pair', params.text('KeyName')),
    ...named(region, 'launch-template', params.struct('LaunchTemplate').text('LaunchTemplateId')),
  ];
  return [
    ...[...made, ...used].flatMap((one) => (one === null ? [] : [checkOf(action, one)])),
    ...MADE.flatMap((kind) => tagsAtCreation(action, region, kind, tags[kind] ?? {})),
    ...passRole(region, params),
  ];
}

function instanceKeys(params: Params, subnet: Resource | null): Keys {
  const metadata = params.struct('MetadataOptions');
  const profile = profileName(params);
  return defined({
    'ec2:InstanceType': params.text('InstanceType'),
    'ec2:AvailabilityZone': textOf(subnet, 'ec2:AvailabilityZone'),
    'ec2:InstanceProfile': profile === undefined ? undefined : profileArn(profile),
    'ec2:MetadataHttpTokens': metadata.text('HttpTokens'),
    'ec2:MetadataHttpEndpoint': metadata.text('HttpEndpoint'),
    'ec2:MetadataHttpPutResponseHopLimit': metadata.text('HttpPutResponseHopLimit'),
    'ec2:RootDeviceType': 'ebs',
    'ec2:Tenancy': 'default',
  });
}

function volumeKeys(params: Params): Keys {
  const ebs = params.structs('BlockDeviceMapping')[0]?.struct('Ebs');
  return defined({
    'ec2:Encrypted': ebs?.text('Encrypted'),
    'ec2:VolumeSize': ebs?.text('VolumeSize'),
    'ec2:VolumeType': ebs?.text('VolumeType'),
  });
}

function faceKeys(face: Params, subnet: Resource | null): Keys {
  return defined({
    'ec2:Subnet': subnet?.arn,
    'ec2:Vpc': textOf(subnet, 'ec2:Vpc'),
    'ec2:AvailabilityZone': textOf(subnet, 'ec2:AvailabilityZone'),
    'ec2:AssociatePublicIpAddress': face.text('AssociatePublicIpAddress'),
  });
}

/** Passing a role to an instance needs its own permission. [IAM user guide: Grant permissions to pass a role to a service] */
function passRole(region: string, params: Params): Check[] {
  const profile = profileName(params);
  if (profile === undefined) return [];
  const keys = {
    'iam:PassedToService': 'ec2.amazonaws.com',
    'iam:AssociatedResourceArn': ec2Arn(region, 'instance', '*'),
  };
  return [{ action: 'iam:PassRole', resource: roleOfProfile(profile), kind: 'role', keys }];
}

function profileName(params: Params): string | undefined {
  const profile = params.struct('IamInstanceProfile');
  return profile.text('Name') ?? profile.text('Arn')?.split('/').at(-1);
}

function defaultSubnet(account: Account, params: Params): string {
  const zone = params.struct('Placement').text('AvailabilityZone');
  return account.subnets.find((one) => one.isDefault && (zone ?? one.zone) === one.zone)?.id ?? '';
}

/** A request without groups uses the default group of the VPC. */
function groupIds(account: Account, face: Params, subnet: Resource | null): string[] {
  const ids = face.list('SecurityGroupId');
  if (ids.length > 0) return ids;
  const vpcId = textOf(subnet, 'ec2:Vpc')?.split('/').at(-1) ?? '';
  return [account.defaultGroup(vpcId)?.id ?? []].flat();
}

/** Belongs to Resource Groups, not to EC2. [Service Authorization Reference: EC2, RunInstances, resource type group] */
function reservationGroup(params: Params): Resource[] {
  const target = params.struct('CapacityReservationSpecification').struct('CapacityReservationTarget');
  const arn = target.text('CapacityReservationResourceGroupArn');
  return arn === undefined ? [] : [{ kind: 'group', arn, keys: {} }];
}

function named(region: string, kind: string, id: string | undefined): Resource[] {
  return id === undefined ? [] : [{ kind, arn: ec2Arn(region, kind, id), keys: {} }];
}

function textOf(resource: Resource | null, key: string): string | undefined {
  const value = resource?.keys[key];
  return typeof value === 'string' ? value : undefined;
}

function defined(keys: Record<string, string | undefined>): Keys {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
