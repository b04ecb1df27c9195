/**
 * The simulated images: Amazon Linux 2023 and Ubuntu 24.04, for both architectures, with their own id in each region; custom images that
 * lack a program that Keelson needs; and one that carries K3s, as deploy/image makes it.
 */
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
  /** Missing programs of the operating system. */
  lacks: readonly string[];
  /** Version of K3s that lies on its disk, as deploy/image/install-k3s.sh leaves it. */
  carries: string | null;
}

interface Family {
  name: (architecture: Image['architecture']) => string;
  ownerId: string;
  ownerAlias: string | null;
  rootDeviceName: string;
  sizeGiB: number;
  parameter: (architecture: Image['architecture']) => string;
  lacks?: readonly string[];
  carries?: string;
}

/** What an image may lack: a program, or the SSM agent. */
export const MAY_LACK = ['bash', 'curl', 'openssl', 'systemctl', 'amazon-ssm-agent'] as const;

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
  {
    name: (architecture) => `k3s-v1.34.2-${architecture}`,
    ownerId: '000000000000',
    ownerAlias: null,
    rootDeviceName: '/dev/xvda',
    sizeGiB: 8,
    parameter: (architecture) => `/keelson/images/k3s-${debian(architecture)}`,
    carries: 'v1.34.2+k3s1',
  },
  ...MAY_LACK.map((program) => ({
    name: (architecture: Image['architecture']) => `without-${program}-${architecture}`,
    ownerId: '000000000000',
    ownerAlias: null,
    rootDeviceName: '/dev/xvda',
    sizeGiB: 8,
    parameter: (architecture: Image['architecture']) => `/images/without-${program}/${architecture}`,
    lacks: [program],
  })),
];

const ARCHITECTURES = ['x86_64', 'arm64'] as const;

export function imagesOf(region: string): Image[] {
  return FAMILIES.flatMap((family) => ARCHITECTURES.map((architecture) => imageOf(family, architecture, region)));
}

/** Returns the image that a public SSM parameter names in a region; null when there is no such parameter. */
export function imageForParameter(name: string, region: string): string | null {
  for (const family of FAMILIES)
    for (const architecture of ARCHITECTURES)
      if (family.parameter(architecture) === name) return imageOf(family, architecture, region).id;
  return null;
}

/** Returns what the image of an instance lacks and carries; nothing of either for an unknown one. */
export const contentsOf = (id: string, region: string): Pick<Image, 'lacks' | 'carries'> =>
  imagesOf(region).find((image) => image.id === id) ?? { lacks: [], carries: null };

function imageOf(family: Family, architecture: Image['architecture'], region: string): Image {
  const name = family.name(architecture);
  const { ownerId, ownerAlias, rootDeviceName, sizeGiB, lacks = [], carries = null } = family;
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
    lacks,
    carries,
  };
}

function debian(architecture: Image['architecture']): string {
  return architecture === 'arm64' ? 'arm64' : 'amd64';
}
