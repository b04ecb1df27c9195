/** EC2's resources as IAM sees them: an ARN, a kind, and their condition keys. [Service Authorization Reference: EC2] */
import type { Account, Ec2Instance, SecurityGroup, Snapshot, Volume } from '../ec2/account.js';
import type { Image } from '../ec2/images.js';
import { ACCOUNT_ID, type Subnet, type Vpc } from '../ec2/network.js';
import type { Keys } from './check.js';

export interface Resource {
  kind: string;
  arn: string;
  keys: Keys;
}

export function ec2Arn(region: string, kind: string, id: string): string {
  // Images and snapshots belong to their owners, whom the ARN leaves out. [Service Authorization Reference: EC2, image, snapshot]
  return `arn:aws:ec2:${region}:${kind === 'image' || kind === 'snapshot' ? '' : ACCOUNT_ID}:${kind}/${id}`;
}

/** Returns the resource of an id in a region; null for none: the action itself then says so. */
export function resourceOf(account: Account, id: string): Resource | null {
  const { region } = account;
  switch (id.split('-')[0]) {
    case 'i':
      return found(region, 'instance', account.instances.get(id), instanceKeys);
    case 'vol':
      return found(region, 'volume', account.volumes.get(id), volumeKeys);
    case 'snap':
      return found(region, 'snapshot', account.snapshots.get(id), snapshotKeys);
    case 'sg':
      return found(region, 'security-group', account.groups.get(id), (group) => groupKeys(region, group));
    case 'eni':
      return found(region, 'network-interface', faceOf(account, id), (face) => faceKeys(face, region));
    case 'subnet':
      return found(region, 'subnet', byId(account.subnets, id), (subnet) => subnetKeys(region, subnet));
    case 'vpc':
      return found(region, 'vpc', byId(account.vpcs, id), vpcKeys);
    case 'ami':
      return found(region, 'image', byId(account.images, id), imageKeys);
    default:
      return null;
  }
}

/** A resource that a call is about to make: it has no id yet, and the request's tags. */
export function newResource(region: string, kind: string, tags: Readonly<Record<string, string>>, keys: Keys = {}) {
  return { kind, arn: ec2Arn(region, kind, '*'), keys: { ...requestTagKeys(tags), ...keys } };
}

export function requestTagKeys(tags: Readonly<Record<string, string>>): Keys {
  const names = Object.keys(tags);
  if (names.length === 0) return {};
  const each = Object.entries(tags).map(([name, value]): [string, string] => [`aws:RequestTag/${name}`, value]);
  return { ...Object.fromEntries(each), 'aws:TagKeys': names };
}

function found<T extends { id: string; tags?: Record<string, string> }>(
  region: string,
  kind: string,
  thing: T | undefined,
  keysOf: (thing: T) => Keys,
): Resource | null {
  if (thing === undefined) return null;
  return { kind, arn: ec2Arn(region, kind, thing.id), keys: { ...tagKeys(thing.tags ?? {}), ...keysOf(thing) } };
}

function tagKeys(tags: Record<string, string>): Keys {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, value]) => [
      [`aws:ResourceTag/${name}`, value],
      [`ec2:ResourceTag/${name}`, value],
    ]),
  );
}

function instanceKeys(instance: Ec2Instance): Keys {
  return {
    'ec2:InstanceID': instance.id,
    'ec2:InstanceType': instance.type,
    'ec2:AvailabilityZone': instance.zone,
    'ec2:MetadataHttpTokens': instance.httpTokens,
    'ec2:RootDeviceType': 'ebs',
    'ec2:Tenancy': 'default',
    ...(instance.instanceProfile !== null && { 'ec2:InstanceProfile': profileArn(instance.instanceProfile) }),
  };
}

export function profileArn(name: string): string {
  return `arn:aws:iam::${ACCOUNT_ID}:instance-profile/${name}`;
}

function volumeKeys(volume: Volume): Keys {
  return {
    'ec2:VolumeID': volume.id,
    'ec2:VolumeType': volume.type,
    'ec2:VolumeSize': String(volume.sizeGiB),
    'ec2:Encrypted': String(volume.encrypted),
    'ec2:AvailabilityZone': volume.zone,
  };
}

function snapshotKeys(snapshot: Snapshot): Keys {
  return {
    'ec2:SnapshotID': snapshot.id,
    'ec2:VolumeSize': String(snapshot.sizeGiB),
    'ec2:Encrypted': String(snapshot.encrypted),
  };
}

function groupKeys(region: string, group: SecurityGroup): Keys {
  return { 'ec2:SecurityGroupID': group.id, 'ec2:Vpc': ec2Arn(region, 'vpc', group.vpcId) };
}

/** Interfaces carry no tags here: nothing gives them any. */
function faceOf(
  { instances }: Account,
  id: string,
): (Pick<Ec2Instance, 'subnetId' | 'vpcId' | 'zone'> & { id: string }) | undefined {
  const { subnetId, vpcId, zone } =
    [...instances.values()].find(
      (one) => one.networkInterfaceId === id || one.furtherInterfaces.some((face) => face.id === id),
    ) ?? {};
  return subnetId === undefined || vpcId === undefined || zone === undefined
    ? undefined
    : { id, subnetId, vpcId, zone };
}

function faceKeys({ id, subnetId, vpcId, zone }: NonNullable<ReturnType<typeof faceOf>>, region: string): Keys {
  return {
    'ec2:NetworkInterfaceID': id,
    'ec2:Subnet': ec2Arn(region, 'subnet', subnetId),
    'ec2:Vpc': ec2Arn(region, 'vpc', vpcId),
    'ec2:AvailabilityZone': zone,
  };
}

function subnetKeys(region: string, subnet: Subnet): Keys {
  const { id, zone, vpcId } = subnet;
  return { 'ec2:SubnetID': id, 'ec2:AvailabilityZone': zone, 'ec2:Vpc': ec2Arn(region, 'vpc', vpcId) };
}

function vpcKeys({ id }: Vpc): Keys {
  return { 'ec2:VpcID': id, 'ec2:Tenancy': 'default' };
}

function imageKeys({ id, ownerId, ownerAlias }: Image): Keys {
  return {
    'ec2:ImageID': id,
    'ec2:ImageType': 'machine',
    'ec2:Owner': ownerAlias ?? ownerId,
    'ec2:Public': 'true',
    'ec2:RootDeviceType': 'ebs',
  };
}

function byId<T extends { id: string }>(all: readonly T[], id: string): T | undefined {
  return all.find((one) => one.id === id);
}
