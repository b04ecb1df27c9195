import {
  type _InstanceType,
  type EC2Client,
  type InstanceTypeInfo,
  paginateDescribeInstanceTypeOfferings,
  paginateDescribeInstanceTypes,
} from '@aws-sdk/client-ec2';
import type { Architecture, LaunchConfig } from '../../model/state.js';
import { codeOf, messageOf } from '../error-code.js';
import { toFailure } from '../failure.js';
import { allPages } from '../pages.js';
import { invalid } from './invalid.js';

export interface ResolvedTypes {
  types: LaunchConfig['instanceTypes'];
  /** By type, in MiB; null if EC2 does not say. */
  memory: Record<string, number | null>;
}

/**
 * Reads architecture, zones and memory of each type. @throws `invalid` failures TypeUnknown and ArchitectureMismatch, with all types at
 * fault
 */
export async function resolveTypes(ec2: EC2Client, types: string[], region: string): Promise<ResolvedTypes> {
  const [infos, zones] = await Promise.all([describeTypes(ec2, types, region), zonesOf(ec2, types, region)]);
  const unknown = types.filter((type) => !infos.has(type));
  if (unknown.length > 0) throw typeUnknown(unknown, region);
  return {
    types: Object.fromEntries(
      types.map((type) => [
        type,
        { architecture: architectureOf(type, infos.get(type)), zones: zones.get(type) ?? [] },
      ]),
    ),
    memory: Object.fromEntries(types.map((type) => [type, infos.get(type)?.MemoryInfo?.SizeInMiB ?? null])),
  };
}

/** Every type must be offered in at least one of the subnets' zones. */
export function checkOffered(
  types: LaunchConfig['instanceTypes'],
  subnets: LaunchConfig['subnets'],
  region: string,
): void {
  const ours = [...new Set(subnets.map((subnet) => subnet.zone))];
  const faults = Object.entries(types).filter(([, { zones }]) => !zones.some((zone) => ours.includes(zone)));
  const told = faults.map(
    ([type, { zones }]) => `${type} is offered in ${zones.length === 0 ? `no zone of ${region}` : zones.join(', ')}`,
  );
  if (faults.length > 0)
    throw invalid(
      'TypeNotOffered',
      `${told.join('; ')}, but the subnets are in ${ours.join(', ')}`,
      'choose another instance type, or subnets in a zone that offers it',
      { types: faults.map(([type]) => type) },
    );
}

async function describeTypes(ec2: EC2Client, types: string[], region: string): Promise<Map<string, InstanceTypeInfo>> {
  try {
    const pages = paginateDescribeInstanceTypes({ client: ec2 }, { InstanceTypes: types as _InstanceType[] });
    const infos = await allPages(pages, (page) => page.InstanceTypes);
    return new Map(infos.map((info) => [info.InstanceType ?? '', info]));
  } catch (error) {
    // EC2 names the unknown types, and answers for none.
    if (codeOf(error).startsWith('InvalidInstanceType')) {
      const named = types.filter((type) => messageOf(error).includes(type));
      throw typeUnknown(named.length > 0 ? named : types, region, error);
    }
    throw toFailure(error, `DescribeInstanceTypes ${types.join(', ')} in ${region}`);
  }
}

async function zonesOf(ec2: EC2Client, types: string[], region: string): Promise<Map<string, string[]>> {
  try {
    const pages = paginateDescribeInstanceTypeOfferings(
      { client: ec2 },
      { LocationType: 'availability-zone', Filters: [{ Name: 'instance-type', Values: types }] },
    );
    const zones = new Map<string, string[]>();
    for (const { InstanceType: type = '', Location: zone = '' } of await allPages(
      pages,
      (page) => page.InstanceTypeOfferings,
    ))
      zones.set(type, [...(zones.get(type) ?? []), zone].sort());
    return zones;
  } catch (error) {
    throw toFailure(error, `DescribeInstanceTypeOfferings ${types.join(', ')} in ${region}`);
  }
}

function architectureOf(type: string, info: InstanceTypeInfo | undefined): Architecture {
  const supported = info?.ProcessorInfo?.SupportedArchitectures ?? [];
  if (supported.includes('arm64')) return 'arm64';
  if (supported.includes('x86_64')) return 'amd64';
  throw invalid(
    'ArchitectureMismatch',
    `${type} runs ${supported.join(', ') || 'no architecture that EC2 names'}; K3s has binaries for x86_64 and arm64`,
    'choose another instance type',
    { types: [type] },
  );
}

function typeUnknown(types: string[], region: string, cause?: unknown) {
  return invalid(
    'TypeUnknown',
    `${region} has no instance type ${types.join(', ')}`,
    `see which there are: aws ec2 describe-instance-type-offerings --region ${region}`,
    { types, cause },
  );
}
