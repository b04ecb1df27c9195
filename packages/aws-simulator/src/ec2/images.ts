/** The images there are: Amazon Linux 2023 and Ubuntu 24.04, for both architectures, with an id of their own in each region. */
import { sha256 } from '../sigv4.js';
import { fixedId } from './ids.js';

export interface Image {
  id: string;
  name: string;
  architecture: 'x86_64' | 'arm64';
  ownerId: string;
  ownerAlias: string | null;
  rootDeviceName: string;
  snapshotId: string;
  /** The root volume cannot be smaller. */
  sizeGiB: number;
  creationDate: string;
}

interface Family {
  name: (architecture: Image['architecture']) => string;
  ownerId: string;
  ownerAlias: string | null;
  rootDeviceName: string;
  sizeGiB: number;
  parameter: (architecture: Image['architecture']) => string;
}

// Names of the public parameters and owners as AWS and Canonical publish them. [docs: SSM public parameters]
const FAMILIES: Family[] = [
  {
    name: (architecture) => `al2023-ami-2023.9.20251117.1-kernel-6.1-${architecture}`,
    ownerId: '137112412989',
    ownerAlias: 'amazon',
    rootDeviceName: '/dev/xvda',
    sizeGiB: 8,
    parameter: (architecture) => `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`,
  },
  {
    name: (architecture) => `ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${debian(architecture)}-server-20251022`,
    ownerId: '099720109477',
    ownerAlias: null,
    rootDeviceName: '/dev/sda1',
    sizeGiB: 8,
    parameter: (architecture) =>
      `/aws/service/canonical/ubuntu/server/24.04/stable/current/${debian(architecture)}/hvm/ebs-gp3/ami-id`,
  },
];

const ARCHITECTURES = ['x86_64', 'arm64'] as const;

export function imagesOf(region: string): Image[] {
  return FAMILIES.flatMap((family) => ARCHITECTURES.map((architecture) => imageOf(family, architecture, region)));
}

/** The image that a public SSM parameter names in a region; null when there is no such parameter. */
export function imageForParameter(name: string, region: string): string | null {
  for (const family of FAMILIES)
    for (const architecture of ARCHITECTURES)
      if (family.parameter(architecture) === name) return imageOf(family, architecture, region).id;
  return null;
}

function imageOf(family: Family, architecture: Image['architecture'], region: string): Image {
  const name = family.name(architecture);
  const { ownerId, ownerAlias, rootDeviceName, sizeGiB } = family;
  const digest = sha256(`${region}/${name}`);
  return {
    id: fixedId('ami', digest.slice(0, 16)),
    snapshotId: fixedId('snap', digest.slice(16, 32)),
    name,
    architecture,
    ownerId,
    ownerAlias,
    rootDeviceName,
    sizeGiB,
    creationDate: '2025-11-18T00:00:00.000Z',
  };
}

function debian(architecture: Image['architecture']): string {
  return architecture === 'arm64' ? 'arm64' : 'amd64';
}
