import { nearest } from '../nearest.js';
import type { ClusterSpec } from '../schema.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

type Path = (string | number)[];

/** Words for places in the names of all regions. [docs: AWS regions] */
const DIRECTIONS = ['central', 'east', 'north', 'northeast', 'northwest', 'south', 'southeast', 'southwest', 'west'];

/** Checks the region itself, and every AWS resource of the document that belongs to one region: keys, zones, groups of reservations. */
export const regions: Rule = ({ spec }) => [
  ...direction(spec.region),
  ...volumesOf(spec).flatMap(({ path, kmsKeyId }) => (kmsKeyId === undefined ? [] : key(kmsKeyId, path, spec.region))),
  ...reservationsOf(spec).flatMap(({ path, arn }) =>
    arn === undefined ? [] : ofRegion(arn, path, spec.region, 'resource group'),
  ),
  ...profile(spec),
  ...spec.pools.flatMap(({ zones = [] }, index) =>
    zones.flatMap((zone, at) => zoneOf(zone, ['spec', 'pools', index, 'zones', at], spec.region)),
  ),
];

function direction(region: string): Violation[] {
  const word = region.split('-').at(-2) ?? '';
  if (DIRECTIONS.includes(word)) return [];
  const meant = nearest(word, DIRECTIONS);
  // AWS may use a new word one day: only a likely typing mistake is refused.
  if (meant === null) return [];
  const hint = `did you mean ${region.replace(`-${word}-`, `-${meant}-`)}?`;
  return [{ path: ['spec', 'region'], message: `${valueText(region)} is not an AWS region`, hint }];
}

const volumesOf = ({ servers, pools }: ClusterSpec): { path: Path; kmsKeyId: string | undefined }[] =>
  [
    { path: ['spec', 'servers'] as Path, ...servers },
    ...pools.map((pool, index) => ({ path: ['spec', 'pools', index] as Path, ...pool })),
  ].flatMap(({ path, rootVolume, volumes }) => [
    { path: [...path, 'rootVolume', 'kmsKeyId'], kmsKeyId: rootVolume.kmsKeyId },
    ...volumes.map(({ kmsKeyId }, index) => ({ path: [...path, 'volumes', index, 'kmsKeyId'], kmsKeyId })),
  ]);

const reservationsOf = ({ servers, pools }: ClusterSpec): { path: Path; arn: string | undefined }[] => [
  {
    path: ['spec', 'servers', 'capacityReservation', 'resourceGroupArn'],
    arn: servers.capacityReservation?.resourceGroupArn,
  },
  ...pools.map(({ capacityReservation }, index) => ({
    path: ['spec', 'pools', index, 'capacityReservation', 'resourceGroupArn'],
    arn: capacityReservation?.resourceGroupArn,
  })),
];

/**
 * EBS takes a key of the volume's own region; of AWS's managed keys only its own. [docs: EC2, KmsKeyId of EbsBlockDevice; EBS encryption]
 */
function key(id: string, path: Path, region: string): Violation[] {
  const managed = /(?:^|:)alias\/aws\/(.+)$/.exec(id)?.[1];
  if (managed !== undefined && managed !== 'ebs')
    return [
      {
        path,
        message: `alias/aws/${managed} is a key that only ${managed} may use`,
        hint: 'use alias/aws/ebs, or a key of your own',
      },
    ];
  if (id.startsWith('arn:')) return ofRegion(id, path, region, 'key');
  const bare = id.replace(/^mrk-/, '');
  if (id.startsWith('alias/') || (id.startsWith('mrk-') ? bare.length === 32 : UUID.test(id))) return [];
  return [
    {
      path,
      message: `${valueText(id)} is not the whole id of a key`,
      hint: 'for example 1234abcd-12ab-34cd-56ef-1234567890ab, or alias/volumes',
    },
  ];
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function ofRegion(arn: string, path: Path, region: string, what: string): Violation[] {
  const [, partition = '', , place = ''] = arn.split(':');
  if (place !== region)
    return [
      { path, message: `is a ${what} of ${place}, and spec.region is ${region}`, hint: `a ${what} of ${region}` },
    ];
  return inPartition(partition, path, region, what);
}

function inPartition(partition: string, path: Path, region: string, what: string): Violation[] {
  const expected = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  // AWS checks the partitions of isolated regions.
  if (partition === expected || !['aws', 'aws-cn', 'aws-us-gov'].includes(partition)) return [];
  const message = `is a ${what} of the partition ${partition}, and the region ${region} is one of ${expected}`;
  return [{ path, message, hint: `an ARN that begins with arn:${expected}:` }];
}

/** Another account's region is checked with `spec.account`. */
function profile({ access, region }: ClusterSpec): Violation[] {
  const name = access.instanceProfile;
  if (name === undefined || !name.startsWith('arn:')) return [];
  return inPartition(name.split(':')[1] ?? '', ['spec', 'access', 'instanceProfile'], region, 'profile');
}

/** A zone is its region and a letter; a local zone has a place between. [docs: EC2, regions and zones] */
function zoneOf(zone: string, path: Path, region: string): Violation[] {
  if (zone.startsWith(region)) return [];
  return [{ path, message: `${zone} is not a zone of ${region}`, hint: `for example ${region}a` }];
}
