/** Reads RunInstances and refuses what EC2 refuses, before anything is made. */
import { AwsError } from '../aws-error.js';
import type { CapacityReservation, SecurityGroup } from './account.js';
import { reservationFor } from './capacity-reservations.js';
import type { Ec2Context } from './context.js';
import { findGroup, requireType } from './find.js';
import { checkShape } from './ids.js';
import type { Image } from './images.js';
import type { Subnet } from './network.js';
import { invalidValue, missing, type Params } from './params.js';
import { specifiedTags } from './tags.js';
import { type InstanceType, isOffered } from './types.js';
import { readFigures } from './volume-figures.js';

export interface VolumeRequest {
  deviceName: string;
  sizeGiB: number;
  type: string;
  encrypted: boolean;
  iops: number;
  throughput: number | null;
  kmsKeyId: string | null;
  deleteOnTermination: boolean;
}

export interface LaunchRequest {
  count: number;
  image: Image;
  type: InstanceType;
  subnet: Subnet;
  /** Zone that scopes the client token; null when the request named none. */
  tokenZone: string | null;
  groups: SecurityGroup[];
  publicIp: boolean;
  instanceProfile: string | null;
  userData: string;
  rootDeviceName: string;
  volumes: VolumeRequest[];
  httpTokens: string;
  terminationProtected: boolean;
  /** Null for none. */
  reservation: CapacityReservation | null;
  instanceTags: Record<string, string>;
  volumeTags: Record<string, string>;
}

/** How a gzip file begins. [RFC 1952] */
const GZIP = Buffer.from([0x1f, 0x8b]);

/** [docs: EC2 user data] */
const MAX_USER_DATA = 16_384;

export function readLaunch(context: Ec2Context, params: Params): LaunchRequest {
  const count = readCount(params);
  const image = readImage(context, params.required('ImageId'));
  const type = requireType(params.required('InstanceType'));
  const [face, second] = params.structs('NetworkInterface');
  if (second !== undefined)
    throw invalidValue('networkInterface', '2', 'The local region knows one interface an instance.');
  if (face !== undefined && (params.has('SubnetId') || params.has('SecurityGroupId'))) {
    const message =
      'Network interfaces and an instance-level subnet ID or security groups may not be specified on the same request';
    throw new AwsError('InvalidParameterCombination', 400, message);
  }
  const place = face ?? params;
  const subnetId = place.text('SubnetId');
  const zone = params.struct('Placement').text('AvailabilityZone');
  const subnet = readSubnet(context, subnetId, zone);
  checkFits(context, type, image, subnet);
  return {
    count,
    image,
    type,
    subnet,
    tokenZone: subnetId !== undefined ? subnet.zone : (zone ?? null),
    groups: readGroups(context, place, subnet),
    publicIp: face?.flag('AssociatePublicIpAddress') ?? subnet.mapPublicIp,
    instanceProfile: readProfile(context, params.struct('IamInstanceProfile')),
    userData: readUserData(params.text('UserData')),
    rootDeviceName: image.rootDeviceName,
    volumes: readVolumes(params, image),
    httpTokens: params.struct('MetadataOptions').text('HttpTokens') ?? 'required',
    terminationProtected: params.flag('DisableApiTermination') ?? false,
    reservation: reservationFor(context, params, type, subnet.zone, count),
    instanceTags: specifiedTags(params, 'instance'),
    volumeTags: specifiedTags(params, 'volume'),
  };
}

function readCount(params: Params): number {
  const least = params.integer('MinCount');
  const most = params.integer('MaxCount');
  if (least === undefined) throw missing('MinCount');
  if (most === undefined) throw missing('MaxCount');
  if (least < 1 || most < least) throw invalidValue('minCount', String(least), 'Expected 1 <= minCount <= maxCount.');
  return most;
}

function readImage({ account }: Ec2Context, id: string): Image {
  checkShape([id], 'ami', 'InvalidAMIID.Malformed');
  const image = account.images.find((one) => one.id === id);
  if (image === undefined) throw new AwsError('InvalidAMIID.NotFound', 400, `The image id '[${id}]' does not exist`);
  return image;
}

function readSubnet({ account }: Ec2Context, id: string | undefined, zone: string | undefined): Subnet {
  if (id !== undefined) {
    const subnet = account.subnets.find((one) => one.id === id);
    if (subnet === undefined)
      throw new AwsError('InvalidSubnetID.NotFound', 400, `The subnet ID '${id}' does not exist`);
    return subnet;
  }
  const subnet = account.subnets.find((one) => one.isDefault && (zone === undefined || one.zone === zone));
  if (subnet === undefined) throw invalidValue('availabilityZone', String(zone), 'No default subnet there.');
  return subnet;
}

function checkFits({ account }: Ec2Context, type: InstanceType, image: Image, subnet: Subnet): void {
  if (type.architecture !== image.architecture) throw architectureMismatch(type, image.architecture);
  if (isOffered(type, subnet.zone)) return;
  const others = account.zones.filter((zone) => isOffered(type, zone));
  const message = `Your requested instance type (${type.name}) is not supported in your requested Availability Zone (${subnet.zone}). Please retry your request by not specifying an Availability Zone or choosing ${others.join(', ')}.`;
  throw new AwsError('Unsupported', 400, message);
}

export function architectureMismatch(type: InstanceType, image: Image['architecture']): AwsError {
  const message = `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${image}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.`;
  return new AwsError('InvalidParameterValue', 400, message);
}

function readGroups(context: Ec2Context, place: Params, subnet: Subnet): SecurityGroup[] {
  const ids = place.list('SecurityGroupId');
  const groups = ids.map((id) => findGroup(context, id));
  for (const group of groups) {
    if (group.vpcId === subnet.vpcId) continue;
    const message = `Security group ${group.id} and subnet ${subnet.id} belong to different networks.`;
    throw new AwsError('InvalidParameter', 400, message);
  }
  const fallback = context.account.defaultGroup(subnet.vpcId);
  return groups.length > 0 || fallback === undefined ? groups : [fallback];
}

/** Every well-formed name exists, unless a fault plan at `instance-profile` says `unknown`. */
function readProfile({ world, account }: Ec2Context, profile: Params): string | null {
  const arn = profile.text('Arn');
  const name = profile.text('Name') ?? arn?.split('/').at(-1);
  if (name === undefined) return null;
  const unknown = world.fault('instance-profile', { name, region: account.region })?.effect === 'unknown';
  if (!unknown && /^[\w+=,.@-]{1,128}$/.test(name)) return name;
  throw invalidValue(
    arn === undefined ? 'iamInstanceProfile.name' : 'iamInstanceProfile.arn',
    arn ?? name,
    'Invalid IAM Instance Profile name',
  );
}

function readUserData(encoded: string | undefined): string {
  if (encoded === undefined) return '';
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(encoded)) {
    throw new AwsError('InvalidUserData.Malformed', 400, 'Invalid BASE64 encoding of user data.');
  }
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length > MAX_USER_DATA) {
    throw new AwsError('InvalidParameterValue', 400, `User data is limited to ${MAX_USER_DATA} bytes`);
  }
  // What is no text is kept as it came.
  return bytes.subarray(0, 2).equals(GZIP) ? bytes.toString('base64') : bytes.toString('utf8');
}

function readVolumes(params: Params, image: Image): VolumeRequest[] {
  const asked = params.structs('BlockDeviceMapping').map((mapping): VolumeRequest => {
    const ebs = mapping.struct('Ebs');
    const deviceName = mapping.required('DeviceName');
    const isRoot = deviceName === image.rootDeviceName;
    const sizeGiB = ebs.integer('VolumeSize') ?? image.sizeGiB;
    if (isRoot && sizeGiB < image.sizeGiB) {
      const message = `Volume of size ${sizeGiB}GB is smaller than snapshot '${image.snapshotId}', expect size >= ${image.sizeGiB}GB`;
      throw new AwsError('InvalidBlockDeviceMapping', 400, message);
    }
    return { deviceName, ...readFigures(ebs, sizeGiB), deleteOnTermination: ebs.flag('DeleteOnTermination') ?? isRoot };
  });
  const twice = asked.find(({ deviceName }, index) => asked.findIndex((one) => one.deviceName === deviceName) < index);
  if (twice !== undefined)
    throw new AwsError(
      'InvalidBlockDeviceMapping',
      400,
      `The device '${twice.deviceName}' is used in more than one block-device mapping`,
    );
  if (asked.some(({ deviceName }) => deviceName === image.rootDeviceName)) return asked;
  const figures = { iops: 3_000, throughput: 125, kmsKeyId: null, encrypted: false };
  const root = { deviceName: image.rootDeviceName, sizeGiB: image.sizeGiB, type: 'gp3', ...figures };
  return [{ ...root, deleteOnTermination: true }, ...asked];
}
