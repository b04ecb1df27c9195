/**
 * STS's AssumeRole, decided by the caller's own policy and by the role's trust policy, and GetCallerIdentity, in the Query protocol. [STS
 * API]
 */
import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { formOf } from '../ec2/form.js';
import { Params } from '../ec2/params.js';
import { principalOf } from '../iam/principals.js';
import { element, XML_DECLARATION } from '../xml.js';
import type { Sessions } from './sessions.js';

const NAMESPACE = ' xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';
const ROLE = /^arn:aws:iam::(\d{12}):role\/[\w+=,.@/-]+$/;

/** @param refuse IAM's answer to this caller, or null */
export async function handleSts(
  sessions: Sessions,
  refuse: (call: AwsCall, request: AssumeRole) => Promise<AwsError | null>,
  call: AwsCall,
  requestId: string,
): Promise<HttpReply> {
  try {
    if (call.action === 'GetCallerIdentity') return identityReply(call, requestId);
    const request = readAssumeRole(call);
    const refusal = await refuse(call, request);
    if (refusal !== null) throw refusal;
    const { account, sessionName, seconds, roleArn } = request;
    const given = sessions.issue(account, sessionName, seconds);
    const role = roleArn.split('/').at(-1) ?? '';
    const result = {
      Credentials: {
        AccessKeyId: given.accessKeyId,
        SecretAccessKey: given.secretAccessKey,
        SessionToken: given.token,
        Expiration: new Date(given.expiresAt).toISOString(),
      },
      AssumedRoleUser: {
        AssumedRoleId: `AROAKEELSONLOCAL00000:${sessionName}`,
        Arn: `arn:aws:sts::${account}:assumed-role/${role}/${sessionName}`,
      },
    };
    const answer = { AssumeRoleResult: result, ResponseMetadata: { RequestId: requestId } };
    const body = XML_DECLARATION + element('AssumeRoleResponse', answer, NAMESPACE);
    return { status: 200, headers: { 'content-type': 'text/xml' }, body };
  } catch (error) {
    if (error instanceof AwsError) return errorReply('sts', error, requestId);
    throw error;
  }
}

/** No policy can forbid it. [STS API: GetCallerIdentity] */
function identityReply({ caller, session, account }: AwsCall, requestId: string): HttpReply {
  const { arn } = principalOf(caller ?? 'admin', session ?? caller ?? undefined, account);
  const result = { UserId: `AROAKEELSONLOCAL00000:${session ?? caller ?? ''}`, Account: account, Arn: arn };
  const answer = { GetCallerIdentityResult: result, ResponseMetadata: { RequestId: requestId } };
  const body = XML_DECLARATION + element('GetCallerIdentityResponse', answer, NAMESPACE);
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}

export interface AssumeRole {
  roleArn: string;
  /** Of the role. */
  account: string;
  sessionName: string;
  externalId: string | undefined;
  seconds: number;
}

/** @throws STS's errors outside of any table: for an ARN of something other than a role, and for the limit of role chaining */
function readAssumeRole(call: AwsCall): AssumeRole {
  const params = Params.parse(formOf(call));
  const roleArn = params.text('RoleArn') ?? '';
  const sessionName = params.text('RoleSessionName') ?? '';
  const externalId = params.text('ExternalId');
  const seconds = params.integer('DurationSeconds') ?? 3_600;
  const account = ROLE.exec(roleArn)?.[1];
  if (account === undefined) throw invalid(`${roleArn} is invalid`);
  // An assumed role that assumes another one. [IAM user guide: Roles terms and concepts, role chaining]
  if (seconds > 3_600)
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining');
  return { roleArn, account, sessionName, externalId, seconds };
}

const invalid = (message: string): AwsError => new AwsError('ValidationError', 400, message);
