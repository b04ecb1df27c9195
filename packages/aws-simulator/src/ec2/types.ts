/** The simulated instance types. vCPUs and memory as AWS lists them. [docs: EC2 instance types] */
export interface InstanceType {
  name: string;
  architecture: 'x86_64' | 'arm64';
  vcpus: number;
  memoryMiB: number;
  /** Zones by their last letter; not every type is in every zone, as on AWS. */
  zones: string;
  burstable: boolean;
}

const t3 = { architecture: 'x86_64', vcpus: 2, zones: 'abc', burstable: true } as const;
const t4g = { architecture: 'arm64', vcpus: 2, zones: 'abc', burstable: true } as const;
const m6i = { architecture: 'x86_64', burstable: false } as const;

export const INSTANCE_TYPES: readonly InstanceType[] = [
  { name: 't3.small', ...t3, memoryMiB: 2_048 },
  { name: 't3.medium', ...t3, memoryMiB: 4_096 },
  { name: 't3.large', ...t3, memoryMiB: 8_192 },
  { name: 't3.xlarge', ...t3, vcpus: 4, memoryMiB: 16_384 },
  { name: 'm6i.large', ...m6i, vcpus: 2, memoryMiB: 8_192, zones: 'abc' },
  // A type with fewer zones: for "type not offered in the zone".
  { name: 'm6i.xlarge', ...m6i, vcpus: 4, memoryMiB: 16_384, zones: 'ab' },
  { name: 't4g.small', ...t4g, memoryMiB: 2_048 },
  { name: 't4g.medium', ...t4g, memoryMiB: 4_096 },
  { name: 't4g.large', ...t4g, memoryMiB: 8_192 },
];

export function findType(name: string): InstanceType | undefined {
  return INSTANCE_TYPES.find((type) => type.name === name);
}

export function isOffered(type: InstanceType, zone: string): boolean {
  return type.zones.includes(zone.slice(-1));
}
