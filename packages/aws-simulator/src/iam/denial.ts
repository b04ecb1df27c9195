/** Each service's answer to a forbidden call, in its own words. [IAM user guide: Troubleshoot access denied error messages] */
import { AwsError } from '../aws-error.js';
import type { AwsCall } from '../contract.js';
import { ACCOUNT_ID } from '../ec2/network.js';
import type { Check } from './check.js';
import type { Verdict } from './evaluator.js';

export interface Denial {
  check: Check;
  verdict: Exclude<Verdict, 'allowed'>;
  /** Place of the denying statement; a call that no statement allows lacks it in the identity's policies. */
  policy: 'identity-based' | 'resource-based';
}

/** @param arn of the caller */
export function refusalFor(call: Pick<AwsCall, 'service' | 'region'>, arn: string, denial: Denial): AwsError {
  const { service, region } = call;
  const text = reasonOf(service, region, arn, denial);
  switch (service) {
    case 'ec2': {
      const message = `You are not authorized to perform this operation. ${text}. Encoded authorization failure message: ${encoded(arn, denial)}`;
      return new AwsError('UnauthorizedOperation', 403, message);
    }
    case 'ssm':
    case 'eventbridge':
    case 'service-quotas':
      return new AwsError('AccessDeniedException', 400, text);
    case 's3':
    case 'sts':
    case 'iam':
      return new AwsError('AccessDenied', 403, text);
    case 'sns':
      // [aws-ia/terraform-aws-control_tower_account_factory#151]
      return new AwsError('AuthorizationError', 403, text);
    case 'sqs':
      // Clients of the older protocol know it by another name. [docs: SQS, JSON protocol]
      return new AwsError('AccessDeniedException', 403, text, {}, { 'x-amzn-query-error': 'AccessDenied;Sender' });
  }
}

function reasonOf(
  service: AwsCall['service'],
  region: string,
  arn: string,
  { check, verdict, policy }: Denial,
): string {
  const action = actionAs(service, check.action);
  const why =
    verdict === 'explicit-deny'
      ? `with an explicit deny in a ${policy} policy`
      : `because no identity-based policy allows the ${action} action`;
  return `User: ${arn} is not authorized to perform: ${action}${onResource(service, region, check)} ${why}`;
}

/** SQS tells its actions in lower case, SNS its own name in capitals. */
function actionAs(service: AwsCall['service'], action: string): string {
  if (service === 'sqs') return action.toLowerCase();
  return service === 'sns' ? action.replace('sns:', 'SNS:') : action;
}

function onResource(service: AwsCall['service'], region: string, { resource }: Check): string {
  if (resource !== '*') return ` on resource: ${service === 's3' ? `"${resource}"` : resource}`;
  // For an action without a resource EC2 names none, and SSM everything of the account.
  return service === 'ssm' ? ` on resource: arn:aws:ssm:${region}:${ACCOUNT_ID}:*` : '';
}

/** About as long as AWS's, which only `sts decode-authorization-message` can read. */
function encoded(arn: string, { check, verdict }: Denial): string {
  const text = JSON.stringify({ allowed: false, explicitDeny: verdict === 'explicit-deny', principal: arn, check });
  return Buffer.from(text.padEnd(600)).toString('base64url');
}
