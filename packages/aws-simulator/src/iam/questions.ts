/** Permissions for a call, whichever service it is for. */
import { AwsError } from '../aws-error.js';
import type { AwsCall } from '../contract.js';
import type { Account } from '../ec2/account.js';
import { formOf } from '../ec2/form.js';
import { ACCOUNT_ID } from '../ec2/network.js';
import { Params } from '../ec2/params.js';
import { readJsonBody } from '../json-body.js';
import { addressOf } from '../s3/address.js';
import type { Bucket } from '../s3/buckets.js';
import { iamChecks, quotaChecks } from './account-actions.js';
import type { Check } from './check.js';
import { EC2_ACTIONS } from './ec2-actions.js';
import { publishChecks, putEventsChecks } from './notify-actions.js';
import { S3_ACTIONS } from './s3-actions.js';
import { queueChecks, SQS_ACTIONS } from './sqs-actions.js';
import { SSM_ACTIONS } from './ssm-actions.js';

/** Existing resources: conditions ask for the tags and types of a call's resources. */
export interface Existing {
  account(region: string, id: string): Account | undefined;
  bucket(name: string): Bucket | undefined;
}

const OF_ANY_ACCOUNT: ReadonlySet<AwsCall['service']> = new Set(['s3', 'sqs', 'sns', 'eventbridge']);

/**
 * Returns the checks of a call; all of them must allow it.
 *
 * @throws AwsError for an unreadable body, and for a call without checks here
 */
export function checksOf(call: AwsCall, existing: Existing): Check[] {
  // The resources of a call are in the account of its caller; buckets and queues name no account or the stack's, and topics and buses have
  // ARNs.
  const inStack = call.account === ACCOUNT_ID || OF_ANY_ACCOUNT.has(call.service);
  const checks = checksIn(call, existing);
  return inStack ? checks : (JSON.parse(JSON.stringify(checks).replaceAll(ACCOUNT_ID, call.account)) as Check[]);
}

function checksIn(call: AwsCall, existing: Existing): Check[] {
  const { service, region, action } = call;
  switch (service) {
    case 'ec2': {
      const account = existing.account(region, call.account);
      const judged = EC2_ACTIONS[action];
      if (judged === undefined || account === undefined) throw unknownAction(call);
      return judged({ action, account, params: Params.parse(formOf(call)) });
    }
    case 'ssm': {
      const judged = SSM_ACTIONS[action];
      if (judged === undefined) throw unknownAction(call);
      return judged({
        action,
        region,
        account: existing.account(region, call.account),
        input: readJsonBody(call.body),
      });
    }
    case 's3': {
      const judged = S3_ACTIONS[action];
      if (judged === undefined) throw unknownAction(call);
      const bucket = existing.bucket(addressOf(call.path).bucket);
      return judged({ call, bucket: bucket?.region === region ? bucket : null });
    }
    case 'sts':
      // Decided together with the role's trust policy, see assume-role.ts.
      return [];
    case 'sns': {
      const params = Params.parse(formOf(call));
      return publishChecks(params.text('TopicArn') ?? params.text('TargetArn'));
    }
    case 'eventbridge':
      return putEventsChecks(call, readJsonBody(call.body));
    case 'iam':
      return iamChecks(call, Params.parse(formOf(call)));
    case 'service-quotas':
      return quotaChecks(call);
    case 'sqs':
      if (!SQS_ACTIONS.has(action)) throw unknownAction(call);
      return queueChecks(action, region, readJsonBody(call.body));
  }
}

/** Services whose tables have calls without checks here. */
function unknownAction({ service, action }: AwsCall): AwsError {
  const message = `The action ${action} is not valid for this web service (the simulator does not model it, or packages/aws-simulator/src/iam/${service}-actions.ts does not say what it must be allowed).`;
  switch (service) {
    case 'ec2':
    case 'sts':
    case 'sns':
    case 'iam':
      return new AwsError('InvalidAction', 400, message);
    case 'ssm':
    case 'sqs':
    case 'eventbridge':
    case 'service-quotas':
      return new AwsError('UnknownOperationException', 400, message);
    case 's3':
      return new AwsError('NotImplemented', 501, message);
  }
}
