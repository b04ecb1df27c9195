import { canonicalCidr, overlap, parseCidr } from './cidr.js';
import { networkOf } from './rules/cluster-networks.js';
import type { ClusterDocument } from './schema.js';
import type { Violation } from './violation.js';

/** What only the account knows of the things that a document names. Sizes are null where AWS does not tell them. */
export interface AccountFacts {
  vpcId: string;
  /** All of the VPC, secondary ones included. */
  vpcCidrs: string[];
  /** By type, in MiB. */
  memory: Readonly<Record<string, number | null>>;
  /** The largest root snapshot of the images in use, in GiB. */
  imageSizeGiB: number | null;
}

export interface Unfit {
  code: 'NetworkOverlap' | 'TypeTooSmall' | 'VolumeTooSmall';
  violation: Violation;
}

/**
 * What of a document does not fit the account: nothing of it would be refused at once by AWS or K3s, and all of it fails later.
 * Pure.
 */
export const unfitFor = (document: ClusterDocument, facts: AccountFacts): Unfit[] => [
  ...overlapping(document, facts),
  ...smallServers(document, facts),
  ...smallVolumes(document, facts),
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
    const remedy = `a network outside of ${vpcCidrs.join(', ')}`;
    return [{ code: 'NetworkOverlap', violation: { path: ['spec', 'k3s', 'config', key], message, remedy } }];
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
  return [{ code: 'TypeTooSmall', violation: { path, message, remedy: 'for example t3.medium' } }];
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
        remedy: `at least ${imageSizeGiB}`,
      },
    }));
}
