import { paginateDescribeSubnets, paginateDescribeVpcs, type Subnet, type Vpc } from '@aws-sdk/client-ec2';
import { codeOf } from '../../aws/error-code.js';
import { allPages } from '../../aws/pages.js';
import { say } from '../io.js';
import type { Prompt } from '../prompt.js';
import type { Session } from '../session.js';
import type { Choices } from './document.js';

const DEFAULT = 'default';

/**
 * Shows the VPCs of the region and asks for one and its subnets, if the person may list them.
 *
 * @returns null for the default VPC, and with a note if the account could not be asked
 */
export async function askNetwork(session: Session, prompt: Prompt, region: string): Promise<Choices['network']> {
  const { io } = session;
  const found = await vpcsIn(session, region);
  if (typeof found === 'string') {
    say(io, `note: your AWS account was not asked for its VPCs (${found}): the document takes the default VPC`);
    return null;
  }
  const { vpcs, subnets } = found;
  if (vpcs.length === 0) {
    say(io, `note: ${region} has no VPC: the nodes need one with a subnet`);
    return null;
  }
  // The default one is the answer that most give.
  const sorted = [...vpcs].sort((a, b) => Number(b.IsDefault === true) - Number(a.IsDefault === true));
  for (const vpc of sorted) say(io, `  ${shown(vpc, subnets)}`);
  const ids = vpcs.map(({ VpcId = '' }) => VpcId);
  const byDefault = vpcs.some(({ IsDefault }) => IsDefault === true) ? DEFAULT : (ids[0] ?? '');
  const vpcId = await prompt.ask({
    label: 'VPC',
    fallback: byDefault,
    problem: (answer) => (answer === byDefault || ids.includes(answer) ? null : `one of ${ids.join(', ')}`),
  });
  if (vpcId === DEFAULT) return null;
  return { vpcId, subnetIds: await askSubnets(session, prompt, subnets, vpcId) };
}

async function askSubnets(session: Session, prompt: Prompt, subnets: Subnet[], vpcId: string): Promise<string[]> {
  const own = subnets.filter((one) => one.VpcId === vpcId);
  for (const { SubnetId, AvailabilityZone, CidrBlock, MapPublicIpOnLaunch } of own)
    say(
      session.io,
      `  ${SubnetId} in ${AvailabilityZone}, ${CidrBlock}, ${MapPublicIpOnLaunch === true ? 'public' : 'no public addresses'}`,
    );
  const ids = own.map(({ SubnetId = '' }) => SubnetId);
  const split = (answer: string): string[] => answer.split(/[\s,]+/).filter((id) => id !== '');
  const answer = await prompt.ask({
    label: 'Subnets, with commas between',
    fallback: ids.length === 0 ? null : ids.join(','),
    problem: (text) => {
      const unknown = split(text).filter((id) => !ids.includes(id));
      return unknown.length === 0 ? null : `${unknown.join(', ')}: not in ${vpcId}`;
    },
  });
  return split(answer);
}

/** @returns a text that says why the account could not be asked */
async function vpcsIn(session: Session, region: string): Promise<{ vpcs: Vpc[]; subnets: Subnet[] } | string> {
  try {
    const ec2 = (await session.aws()).ec2(region);
    const [vpcs, subnets] = await Promise.all([
      allPages(paginateDescribeVpcs({ client: ec2 }, {}), (page) => page.Vpcs),
      allPages(paginateDescribeSubnets({ client: ec2 }, {}), (page) => page.Subnets),
    ]);
    return { vpcs, subnets };
  } catch (error) {
    return codeOf(error);
  }
}

function shown({ VpcId, CidrBlock, IsDefault }: Vpc, subnets: Subnet[]): string {
  const zones = subnets.filter((one) => one.VpcId === VpcId).map(({ AvailabilityZone = '' }) => AvailabilityZone);
  const where = zones.length === 0 ? 'no subnets' : `subnets in ${[...new Set(zones)].sort().join(', ')}`;
  return `${VpcId}${IsDefault === true ? ' (default)' : ''}, ${CidrBlock}, ${where}`;
}
