import { paginateDescribeInstanceInformation } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../../aws/clients.js';
import { allPages } from '../../aws/pages.js';
import { CliError, EXIT } from '../exit.js';
import { asked } from './asked.js';

/**
 * Checks that SSM reaches the nodes: how many of them it calls Online.
 *
 * @param cluster null for all nodes that carry Keelson's tags in the region
 * @throws NotMeasured if the person may not ask, as without NodeAccessPolicy; CliError `unreachable` when there are nodes and none is
 * Online
 */
export async function ssmReach(aws: AwsClients, region: string, cluster: string | null): Promise<string> {
  const filter =
    cluster === null
      ? { Key: 'tag-key', Values: ['keelson:cluster'] }
      : { Key: 'tag:keelson:cluster', Values: [cluster] };
  const pages = paginateDescribeInstanceInformation({ client: aws.ssm(region) }, { Filters: [filter] });
  const ask = () => allPages(pages, (page) => page.InstanceInformationList);
  const nodes = await asked('ssm:DescribeInstanceInformation', ask, '`logs` and `exec` need NodeAccessPolicy');
  const online = nodes.filter(({ PingStatus }) => PingStatus === 'Online');
  if (nodes.length === 0) return 'answers; there is no node yet';
  const told = `answers; ${online.length} of ${nodes.length} nodes${cluster === null ? '' : ` of ${cluster}`} are Online`;
  if (online.length > 0) return told;
  throw new CliError(
    EXIT.unreachable,
    told,
    'nodes need a way to ssm, ssmmessages and ec2messages: see docs/how-to/private-subnets.md',
  );
}
