import type { AccountFacts, Unfit } from './account-facts.js';
import { withoutRoom } from './account-room.js';
import { canonicalCidr, overlap, parseCidr } from './cidr.js';
import { networkOf } from './rules/cluster-networks.js';
import type { ClusterDocument } from './schema.js';

export type { AccountFacts } from './account-facts.js';

/**
 * Returns what of a document does not fit the account: nothing of it would be refused at once by AWS or K3s, and all of it fails later.
 * Pure.
 *
 * @param launching names of the slots that get an instance; null for all
 */
export const unfitFor = (
  document: ClusterDocument,
  facts: AccountFacts,
  launching: ReadonlySet<string> | null = null,
): Unfit[] => [
  ...overlapping(document, facts),
  ...smallServers(document, facts),
  ...smallVolumes(document, facts),
  ...emptyZones(document, facts),
  ...typesElsewhere(document, facts),
  ...withoutRoom(document, facts, launching),
];

/**
 * Nodes route the networks of pods and services to themselves, and reach nothing else there: not the other nodes, not the DNS of the
 * VPC. [docs: K3s, cluster-cidr and service-cidr; EC2: the Amazon DNS server is the VPC's second address]
 */
function overlapping(document: ClusterDocument, { vpcId, vpcCidrs }: AccountFacts): Unfit[] {
  return (['cluster-cidr', 'service-cidr'] as const).flatMap((key) => {
    const network = networkOf(document, key);
    const met = vpcCidrs.find((cidr) => {
      const other = parseCidr(cidr);
      return network !== null && other !== null && overlap(network, other);
    });
    if (network === null || met === undefined) return [];
    const whose = document.spec.k3s.config[key] === undefined ? ', the default of K3s,' : '';
    const message = `${canonicalCidr(network)}${whose} overlaps ${met} of ${vpcId}`;
    const hint = `a network outside of ${vpcCidrs.join(', ')}`;
    return [{ code: 'NetworkOverlap', violation: { path: ['spec', 'k3s', 'config', key], message, hint } }];
  });
}

/** Less than this, and etcd or the API server is killed before the first pod runs. K3s asks for 2 GiB. [docs: K3s requirements] */
const LEAST_SERVER_MIB = 1024;

function smallServers({ spec }: ClusterDocument, { memory }: AccountFacts): Unfit[] {
  const type = spec.servers.instanceType;
  const size = memory[type] ?? null;
  if (size === null || size >= LEAST_SERVER_MIB) return [];
  const message = `${type} has ${size} MiB of memory, and a K3s server needs 2048 MiB`;
  const path = ['spec', 'servers', 'instanceType'];
  return [{ code: 'TypeTooSmall', violation: { path, message, hint: 'for example t3.medium' } }];
}

/** [EC2: InvalidBlockDeviceMapping, "Volume of size 8GB is smaller than snapshot"] */
function smallVolumes({ spec }: ClusterDocument, { imageSizeGiB }: AccountFacts): Unfit[] {
  const holders = [
    { volume: spec.servers.rootVolume, path: ['spec', 'servers', 'rootVolume', 'sizeGiB'] },
    ...spec.pools.map((pool, index) => ({
      volume: pool.rootVolume,
      path: ['spec', 'pools', index, 'rootVolume', 'sizeGiB'],
    })),
  ];
  return holders
    .filter(({ volume }) => imageSizeGiB !== null && volume.sizeGiB < imageSizeGiB)
    .map(({ volume, path }) => ({
      code: 'VolumeTooSmall',
      violation: {
        path,
        message: `is ${volume.sizeGiB}, and the image has a root volume of ${imageSizeGiB} GiB`,
        hint: `at least ${imageSizeGiB}`,
      },
    }));
}

/** A pool that names a zone in which the cluster has no subnet never gets an instance there: with this zone alone none at all. */
function emptyZones({ spec }: ClusterDocument, { subnetZones }: AccountFacts): Unfit[] {
  return spec.pools.flatMap(({ name, zones = [] }, index) =>
    zones.flatMap((zone, at): Unfit[] => {
      if (subnetZones === null || subnetZones.includes(zone)) return [];
      const message = `no subnet of the cluster is in ${zone}, so pool ${name} gets no instance there`;
      const hint = `zones with subnets: ${[...new Set(subnetZones)].join(', ')}; or a subnet in ${zone}, in spec.network.subnetIds`;
      const path = ['spec', 'pools', index, 'zones', at];
      return [{ code: 'ZoneWithoutSubnet', violation: { path, message, hint } }];
    }),
  );
}

/** A type must be offered in one of the zones of its pool, not just anywhere in the region. */
function typesElsewhere({ spec }: ClusterDocument, { subnetZones, typeZones }: AccountFacts): Unfit[] {
  return spec.pools.flatMap(({ name, zones, instanceType, fallbackTypes }, index) => {
    const usable = zones?.filter((zone) => subnetZones?.includes(zone)) ?? [];
    if (usable.length === 0) return [];
    const types = [
      { type: instanceType, path: ['spec', 'pools', index, 'instanceType'] },
      ...fallbackTypes.map((type, at) => ({ type, path: ['spec', 'pools', index, 'fallbackTypes', at] })),
    ];
    return types.flatMap(({ type, path }): Unfit[] => {
      const offered = typeZones[type];
      if (offered === undefined || usable.some((zone) => offered.includes(zone))) return [];
      const message = `${type} is offered in ${offered.join(', ')}, and pool ${name} is in ${usable.join(', ')}`;
      return [
        { code: 'TypeNotOffered', violation: { path, message, hint: 'another type, or another zone of the pool' } },
      ];
    });
  });
}
