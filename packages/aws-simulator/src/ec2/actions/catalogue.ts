/** Offers of the region: zones, regions, instance types, images. */
import { AwsError } from '../../aws-error.js';
import type { Xml } from '../../xml.js';
import type { Action } from '../context.js';
import { type Fields, filtered } from '../filters.js';
import { checkShape } from '../ids.js';
import type { Image } from '../images.js';
import { pageOf } from '../pages.js';
import { findType, INSTANCE_TYPES, type InstanceType, isOffered } from '../types.js';

export const describeAvailabilityZones: Action = ({ account }, params) => {
  const fields: Fields<{ name: string; tags?: Record<string, string> }> = {
    'zone-name': ({ name }) => name,
    state: () => 'available',
    'region-name': () => account.region,
    'zone-type': () => 'availability-zone',
    'opt-in-status': () => 'opt-in-not-required',
  };
  const zones = filtered(
    account.zones.map((name) => ({ name })),
    params,
    fields,
  );
  return {
    availabilityZoneInfo: zones.map(({ name }) => ({
      zoneName: name,
      zoneState: 'available',
      regionName: account.region,
      zoneId: `${account.region}-az${name.charCodeAt(name.length - 1) - 96}`,
      zoneType: 'availability-zone',
      optInStatus: 'opt-in-not-required',
    })),
  };
};

/** Regions that an account has to enable; this one has not. [EC2 API: DescribeRegions, AllRegions] */
const NOT_OPTED_IN = ['af-south-1', 'me-south-1'];

/** @param regions all regions of this process */
export function describeRegions(regions: readonly string[]): Action {
  return (_, params) => {
    const statusOf = (name: string): string => (regions.includes(name) ? 'opt-in-not-required' : 'not-opted-in');
    const fields: Fields<{ name: string; tags?: Record<string, string> }> = {
      'region-name': ({ name }) => name,
      'opt-in-status': ({ name }) => statusOf(name),
      endpoint: ({ name }) => `ec2.${name}.amazonaws.com`,
    };
    const all = params.flag('AllRegions') === true ? [...new Set([...regions, ...NOT_OPTED_IN])] : regions;
    const asked = params.list('RegionName');
    const unknown = asked.find((name) => !all.includes(name));
    if (unknown !== undefined) throw new AwsError('InvalidParameterValue', 400, `Invalid region name: ${unknown}`);
    const names = asked.length > 0 ? asked : all;
    const found = filtered(
      names.map((name) => ({ name })),
      params,
      fields,
    );
    return {
      regionInfo: found.map(({ name: regionName }) => ({
        regionName,
        regionEndpoint: `ec2.${regionName}.amazonaws.com`,
        optInStatus: statusOf(regionName),
      })),
    };
  };
}

type Tagless<T> = T & { tags?: Record<string, string> };

const TYPE_FIELDS: Fields<Tagless<InstanceType>> = {
  'instance-type': ({ name }) => name,
  'processor-info.supported-architecture': ({ architecture }) => architecture,
  'current-generation': () => 'true',
  'burstable-performance-supported': ({ burstable }) => String(burstable),
};

/** [botocore: DITMaxResults] */
const TYPES_ON_A_PAGE = 100;

export const describeInstanceTypes: Action = (_, params) => {
  const asked = params.list('InstanceType');
  const unknown = asked.filter((name) => findType(name) === undefined);
  if (unknown.length > 0) {
    const message = `The following supplied instance types do not exist: [${unknown.join(', ')}]`;
    throw new AwsError('InvalidInstanceType', 400, message);
  }
  const types = INSTANCE_TYPES.filter(({ name }) => asked.length === 0 || asked.includes(name));
  const found = filtered<Tagless<InstanceType>>(types, params, TYPE_FIELDS);
  const page = pageOf(found, params, ({ name }) => name, 5, TYPES_ON_A_PAGE);
  return { instanceTypeSet: page.items.map(typeXml), nextToken: page.nextToken };
};

export const describeInstanceTypeOfferings: Action = ({ account }, params) => {
  const kind = params.text('LocationType') ?? 'region';
  const places = kind === 'availability-zone' ? account.zones : [account.region];
  const offerings = INSTANCE_TYPES.flatMap((type) =>
    places
      .filter((place) => kind !== 'availability-zone' || isOffered(type, place))
      .map((location): Tagless<{ type: string; location: string }> => ({ type: type.name, location })),
  );
  const fields: Fields<Tagless<{ type: string; location: string }>> = {
    'instance-type': ({ type }) => type,
    location: ({ location }) => location,
  };
  const page = pageOf(filtered(offerings, params, fields), params, ({ type, location }) => `${type}/${location}`);
  return {
    instanceTypeOfferingSet: page.items.map(({ type, location }) => ({
      instanceType: type,
      locationType: kind,
      location,
    })),
    nextToken: page.nextToken,
  };
};

const IMAGE_FIELDS: Fields<Tagless<Image>> = {
  'image-id': ({ id }) => id,
  name: ({ name }) => name,
  architecture: ({ architecture }) => architecture,
  'owner-id': ({ ownerId }) => ownerId,
  'owner-alias': ({ ownerAlias }) => ownerAlias ?? [],
  state: () => 'available',
  'root-device-type': () => 'ebs',
  'virtualization-type': () => 'hvm',
};

export const describeImages: Action = ({ account }, params) => {
  const ids = params.list('ImageId');
  checkShape(ids, 'ami', 'InvalidAMIID.Malformed');
  const lacking = ids.filter((id) => !account.images.some((image) => image.id === id));
  if (lacking.length > 0) {
    throw new AwsError('InvalidAMIID.NotFound', 400, `The image id '[${lacking.join(', ')}]' does not exist`);
  }
  const owners = params.list('Owner');
  const images = account.images.filter(
    ({ id, ownerId, ownerAlias }) =>
      (ids.length === 0 || ids.includes(id)) &&
      (owners.length === 0 || owners.includes(ownerId) || owners.includes(ownerAlias ?? '')),
  );
  const page = pageOf(filtered<Tagless<Image>>(images, params, IMAGE_FIELDS), params, ({ id }) => id, 1);
  return { imagesSet: page.items.map(imageXml), nextToken: page.nextToken };
};

function typeXml(type: InstanceType): Xml {
  return {
    instanceType: type.name,
    currentGeneration: true,
    freeTierEligible: false,
    supportedUsageClasses: ['on-demand', 'spot'],
    supportedRootDeviceTypes: ['ebs'],
    supportedVirtualizationTypes: ['hvm'],
    bareMetal: false,
    hypervisor: 'nitro',
    processorInfo: { supportedArchitectures: [type.architecture], sustainedClockSpeedInGhz: 2.5 },
    vCpuInfo: { defaultVCpus: type.vcpus, defaultCores: type.vcpus / 2, defaultThreadsPerCore: 2 },
    memoryInfo: { sizeInMiB: type.memoryMiB },
    instanceStorageSupported: false,
    ebsInfo: { encryptionSupport: 'supported', nvmeSupport: 'required' },
    networkInfo: { enaSupport: 'required', maximumNetworkInterfaces: 3 },
    burstablePerformanceSupported: type.burstable,
  };
}

function imageXml(image: Image): Xml {
  return {
    imageId: image.id,
    imageLocation: `${image.ownerAlias ?? image.ownerId}/${image.name}`,
    imageState: 'available',
    imageOwnerId: image.ownerId,
    imageOwnerAlias: image.ownerAlias,
    isPublic: true,
    architecture: image.architecture,
    imageType: 'machine',
    name: image.name,
    description: image.name,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDeviceName,
    blockDeviceMapping: [
      {
        deviceName: image.rootDeviceName,
        ebs: {
          snapshotId: image.snapshotId,
          volumeSize: image.sizeGiB,
          deleteOnTermination: true,
          volumeType: 'gp3',
          encrypted: false,
        },
      },
    ],
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    enaSupport: true,
    creationDate: image.creationDate,
  };
}
