/**
 * Permissions for each call of EC2: the actions and resources that decide. A new call of the simulator needs its line here, or it is
 * refused. [Service Authorization Reference: Actions, resources, and condition keys for Amazon EC2]
 */

import type { Check } from './check.js';
import { checkOf, type Ec2Question, tagsAsked, tagsAtCreation } from './ec2-checks.js';
import { launchChecks } from './ec2-launch.js';
import { newResource, requestTagKeys, resourceOf } from './ec2-resources.js';

type Judged = (question: Ec2Question) => Check[];

/** These take no resource. */
const READS = [
  'DescribeAvailabilityZones',
  'DescribeImages',
  'DescribeInstanceStatus',
  'DescribeInstanceTypeOfferings',
  'DescribeInstanceTypes',
  'DescribeInstances',
  'DescribeRegions',
  'DescribeSecurityGroups',
  'DescribeSnapshots',
  'DescribeSubnets',
  'DescribeTags',
  'DescribeVolumes',
  'DescribeVpcs',
];

export const EC2_ACTIONS: Readonly<Record<string, Judged>> = {
  ...Object.fromEntries(READS.map((action): [string, Judged] => [action, withoutResource])),
  AttachVolume: onEach('InstanceId', 'VolumeId'),
  AuthorizeSecurityGroupEgress: onEach('GroupId'),
  AuthorizeSecurityGroupIngress: onEach('GroupId'),
  CreateCapacityReservation: createCapacityReservation,
  CreateSecurityGroup: createSecurityGroup,
  CreateSnapshot: createSnapshot,
  CreateTags: retag,
  CreateVolume: createVolume,
  DeleteSecurityGroup: onEach('GroupId'),
  DeleteSnapshot: onEach('SnapshotId'),
  DeleteTags: retag,
  DeleteVolume: onEach('VolumeId'),
  DescribeInstanceAttribute: onEach('InstanceId'),
  DetachVolume: onEach('InstanceId', 'VolumeId'),
  ModifyInstanceAttribute: modifyAttribute,
  ModifyNetworkInterfaceAttribute: onEach('NetworkInterfaceId', 'SecurityGroupId'),
  RebootInstances: onEach('InstanceId'),
  RevokeSecurityGroupEgress: onEach('GroupId'),
  RevokeSecurityGroupIngress: onEach('GroupId'),
  RunInstances: launchChecks,
  StartInstances: onEach('InstanceId'),
  StopInstances: onEach('InstanceId'),
  TerminateInstances: onEach('InstanceId'),
};

function withoutResource({ action }: Ec2Question): Check[] {
  return [{ action: `ec2:${action}`, resource: '*', kind: null, keys: {} }];
}

/** Returns each resource that a parameter names by id, once: `InstanceId.1`, or `InstanceId` alone. */
function onEach(...parameters: string[]): Judged {
  return ({ action, account, params }) => {
    const ids = parameters.flatMap((name) => [...params.list(name), params.text(name) ?? []].flat());
    return [...new Set(ids)].flatMap((id) => resourceOf(account, id) ?? []).map((one) => checkOf(action, one));
  };
}

/** Settings of an instance in a request, which sets one at a time. [EC2 API: ModifyInstanceAttribute] */
const ATTRIBUTES = ['InstanceType', 'BlockDeviceMapping', 'DisableApiTermination', 'UserData', 'GroupId'];

function modifyAttribute(question: Ec2Question): Check[] {
  const { params } = question;
  const named = params.text('Attribute') ?? ATTRIBUTES.find((name) => params.has(name)) ?? '';
  const keys = { 'ec2:Attribute': named === 'GroupId' ? 'groupSet' : named };
  return onEach('InstanceId', 'GroupId')(question).map((check) => ({ ...check, keys: { ...check.keys, ...keys } }));
}

/** CreateTags and DeleteTags on existing resources: there is no `ec2:CreateAction` then. */
function retag({ action, account, params }: Ec2Question): Check[] {
  const pairs = params.structs('Tag').map((pair) => [pair.text('Key') ?? '', pair.text('Value') ?? '']);
  const asked = requestTagKeys(Object.fromEntries(pairs) as Record<string, string>);
  const resources = params.list('ResourceId').flatMap((id) => resourceOf(account, id) ?? []);
  return resources.map((one) => checkOf(action, { ...one, keys: { ...one.keys, ...asked } }));
}

function createSecurityGroup({ action, account, params }: Ec2Question): Check[] {
  const { region } = account;
  const tags = tagsAsked(params, 'security-group');
  const vpc = resourceOf(account, params.text('VpcId') ?? account.defaultVpc()?.id ?? '');
  return [
    checkOf(action, newResource(region, 'security-group', tags)),
    ...(vpc === null ? [] : [checkOf(action, vpc)]),
    ...tagsAtCreation(action, region, 'security-group', tags),
  ];
}

/** Needs permission on the volume as it is, and on the snapshot with its new tags. */
function createSnapshot({ action, account, params }: Ec2Question): Check[] {
  const { region } = account;
  const tags = tagsAsked(params, 'snapshot');
  const volume = resourceOf(account, params.text('VolumeId') ?? '');
  return [
    ...(volume === null ? [] : [checkOf(action, volume)]),
    checkOf(action, newResource(region, 'snapshot', tags)),
    ...tagsAtCreation(action, region, 'snapshot', tags),
  ];
}

/** Needs permission on the new volume, with its tags. [Service Authorization Reference: EC2, CreateVolume] */
function createVolume({ action, account, params }: Ec2Question): Check[] {
  const { region } = account;
  const tags = tagsAsked(params, 'volume');
  const keys = {
    'ec2:AvailabilityZone': params.text('AvailabilityZone') ?? '',
    'ec2:Encrypted': params.text('Encrypted') ?? 'false',
    'ec2:VolumeSize': params.text('Size') ?? '',
    'ec2:VolumeType': params.text('VolumeType') ?? 'gp2',
  };
  return [
    checkOf(action, newResource(region, 'volume', tags, keys)),
    ...tagsAtCreation(action, region, 'volume', tags),
  ];
}

function createCapacityReservation({ action, account }: Ec2Question): Check[] {
  return [checkOf(action, newResource(account.region, 'capacity-reservation', {}))];
}
