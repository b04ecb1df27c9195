import {
  type _InstanceType,
  type EC2Client,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeInstanceTypes,
} from '@aws-sdk/client-ec2';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { AwsClients } from '../../aws/clients.js';
import { allPages } from '../../aws/pages.js';
import { slotsOf } from '../../model/ids.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import { CliError, EXIT } from '../exit.js';
import { asked } from './asked.js';
import { sameAs } from './caller.js';
import { NotMeasured } from './checklist.js';

/** Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs. [docs: EC2 on-demand instance limits] */
const QUOTA = 'L-1216C47A';
/** Their families, by first letter; `hpc`, `inf` and `trn` have quotas of their own. */
const STANDARD = /^(?!hpc|inf|dl)[acdhimrtz]\w*\d/;

/**
 * Compares the account's quota of vCPUs with the running instances and the document's needs. Spot instances do not count, nor do the
 * cluster's own: the document asks for these.
 *
 * @throws NotMeasured if the person may not ask; CliError `refused` when the document does not fit
 */
export async function vcpuQuota(aws: AwsClients, region: string, document: ClusterDocument | null): Promise<string> {
  const quotas = new ServiceQuotasClient(sameAs(aws, region));
  const answer = await asked('servicequotas:GetServiceQuota', () =>
    quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode: QUOTA })),
  );
  const most = answer.Quota?.Value;
  if (most === undefined) throw new NotMeasured(`Service Quotas tells no value of ${QUOTA}`);
  const ec2 = aws.ec2(region);
  const name = document?.metadata.name;
  const running = await runningTypes(ec2, name).catch((error: unknown) => {
    if (error instanceof NotMeasured) return null;
    throw error;
  });
  const wanted = document === null ? [] : slotsOf(document).map(({ instanceType }) => instanceType);
  const sizes = await vcpusOf(
    ec2,
    [...wanted, ...(running ?? [])].filter((type) => STANDARD.test(type)),
  );
  const sum = (types: string[]): number => types.reduce((total, type) => total + (sizes.get(type) ?? 0), 0);
  const [used, needed] = [running === null ? 0 : sum(running), sum(wanted)];
  const inUse =
    running === null ? 'what is in use is not known: not allowed (ec2:DescribeInstances)' : `${used} in use`;
  const others = wanted.filter((type) => !STANDARD.test(type));
  const also = others.length === 0 ? '' : `; ${[...new Set(others)].join(', ')} have quotas of their own`;
  const told = `standard on-demand vCPUs: ${most} allowed, ${inUse}${name === undefined ? '' : `, ${name} needs ${needed}`}${also}`;
  if (used + needed <= most) return told;
  throw new CliError(
    EXIT.refused,
    told,
    `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${QUOTA} --desired-value ${used + needed} --region ${region}`,
  );
}

/** Types of the running on-demand instances outside of this cluster. */
async function runningTypes(ec2: EC2Client, cluster: string | undefined): Promise<string[]> {
  const Filters = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }];
  const reservations = await asked('ec2:DescribeInstances', () =>
    allPages(paginateDescribeInstances({ client: ec2 }, { Filters }), (page) => page.Reservations),
  );
  const isOwn = ({ Tags }: Instance): boolean =>
    cluster !== undefined && Tags?.some(({ Key, Value }) => Key === 'keelson:cluster' && Value === cluster) === true;
  return reservations
    .flatMap(({ Instances = [] }) => Instances)
    .filter((one) => one.InstanceLifecycle === undefined && !isOwn(one))
    .flatMap(({ InstanceType }) => InstanceType ?? []);
}

async function vcpusOf(ec2: EC2Client, types: string[]): Promise<Map<string, number>> {
  const InstanceTypes = [...new Set(types)] as _InstanceType[];
  if (InstanceTypes.length === 0) return new Map();
  const infos = await asked('ec2:DescribeInstanceTypes', () =>
    allPages(paginateDescribeInstanceTypes({ client: ec2 }, { InstanceTypes }), (page) => page.InstanceTypes),
  );
  return new Map(infos.map(({ InstanceType = '', VCpuInfo }) => [InstanceType, VCpuInfo?.DefaultVCpus ?? 0]));
}
