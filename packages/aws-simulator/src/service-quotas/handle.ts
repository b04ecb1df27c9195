/** Service Quotas' GetServiceQuota in the JSON 1.1 protocol, for the one quota that stops launches. [Service Quotas API: GetServiceQuota] */
import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { readJsonBody } from '../json-body.js';
import type { LocalWorld } from '../world.js';

/** Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs. [docs: EC2 on-demand instance limits] */
export const STANDARD_VCPUS = 'L-1216C47A';
/** More than any test launches; a fault plan at `quota` gives another value. */
const VCPUS = 1_152;

/** @param world has fault plans at point `quota`, whose `data.value` is then the quota */
export function handleServiceQuotas(world: LocalWorld, call: AwsCall, requestId: string): HttpReply {
  try {
    const { ServiceCode, QuotaCode } = readJsonBody(call.body);
    if (ServiceCode !== 'ec2' || QuotaCode !== STANDARD_VCPUS)
      throw new AwsError(
        'NoSuchResourceException',
        400,
        'The request failed because the specified quota does not exist.',
      );
    const given = world.fault('quota', { code: QuotaCode, region: call.region })?.data?.['value'];
    const Quota = {
      ServiceCode,
      ServiceName: 'Amazon Elastic Compute Cloud (Amazon EC2)',
      QuotaArn: `arn:aws:servicequotas:${call.region}:${call.account}:ec2/${QuotaCode}`,
      QuotaCode,
      QuotaName: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
      Value: typeof given === 'number' ? given : VCPUS,
      Unit: 'None',
      Adjustable: true,
      GlobalQuota: false,
    };
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId };
    return { status: 200, headers, body: JSON.stringify({ Quota }) };
  } catch (error) {
    if (error instanceof AwsError) return errorReply('service-quotas', error, requestId);
    throw error;
  }
}
