/** Authenticates callers: the credential scope names service and region, the signature proves the key. */
import { AwsError } from './aws-error.js';
import type { AwsCall } from './contract.js';
import { type CallerName, CREDENTIALS } from './credentials.js';
import { ACCOUNT_ID } from './ec2/network.js';
import { isSignedBy, readSignature, type Signature, type SignedRequest, sha256, timeOf } from './sigv4.js';
import type { Sessions } from './sts/sessions.js';

/** A signed header may be this much older or younger than now [docs: S3 RequestTimeTooSkewed]. */
const SKEW_MS = 15 * 60_000;

export interface Admission {
  service: AwsCall['service'];
  region: string;
  /** Owner of the signing key; null for a refused request without one. */
  caller: AwsCall['caller'];
  /** Account of the caller. */
  account: string;
  /** Name of the session of an assumed role. */
  session: string | null;
  /** Set for a request to refuse; by the service's own rules. */
  refusal: AwsError | null;
}

export function admit(request: SignedRequest, regions: ReadonlySet<string>, sessions: Sessions): Admission {
  const signature = readSignature(request);
  const service = serviceOf(signature?.service);
  if (signature === null) {
    // Only S3 takes unsigned requests at all, for public objects, of which there are none here.
    const anonymous = { service: 's3' as const, region: '', ...NO_CALLER };
    return { ...anonymous, refusal: new AwsError('AccessDenied', 403, 'Access Denied') };
  }
  const { region } = signature;
  if (service === null) {
    const message = `the local region has EC2, SSM, S3, SQS, STS, SNS, EventBridge, IAM and Service Quotas, not ${signature.service}`;
    return { service: 'ec2', region, ...NO_CALLER, refusal: new AwsError('UnknownOperationException', 404, message) };
  }
  const key = keyOf(signature.accessKeyId, sessions);
  const { caller, account, session } = key ?? NO_CALLER;
  return { service, region, caller, account, session, refusal: refusal(service, signature, key, request, regions) };
}

function refusal(
  service: AwsCall['service'],
  signature: Signature,
  key: Key | null,
  request: SignedRequest,
  regions: ReadonlySet<string>,
): AwsError | null {
  if (key === null || (key.token ?? '') !== (request.headers['x-amz-security-token'] ?? ''))
    return unknownKey(service, signature.accessKeyId);
  if (Date.now() >= key.expiresAt) return expiredToken(service);
  // Real regions have their own names in DNS. A region that an account has not enabled answers like this.
  if (!regions.has(signature.region)) return unknownRegion(service, signature.region, regions);
  const at = timeOf(signature.timestamp);
  if (signature.expires !== null) {
    if (!(Date.now() < at + signature.expires * 1_000)) return expired(at + signature.expires * 1_000);
  } else if (!(Math.abs(Date.now() - at) < SKEW_MS)) {
    const message = 'The difference between the request time and the current time is too large.';
    return service === 's3'
      ? new AwsError('RequestTimeTooSkewed', 403, message)
      : new AwsError('RequestExpired', 400, message);
  }
  if (!isSignedBy(key.secretAccessKey, signature, request)) return wrongSignature(service);
  const stated = request.headers['x-amz-content-sha256'];
  if (signature.expires === null && /^[0-9a-f]{64}$/.test(stated ?? '') && stated !== sha256(request.body)) {
    const message = 'The provided x-amz-content-sha256 header does not match what was computed.';
    return new AwsError('XAmzContentSHA256Mismatch', 400, message);
  }
  return null;
}

interface Key {
  caller: Exclude<AwsCall['caller'], null>;
  account: string;
  session: string | null;
  secretAccessKey: string;
  /** Temporary credentials have three parts. */
  token: string | null;
  expiresAt: number;
}

const NO_CALLER = { caller: null, account: ACCOUNT_ID, session: null };

/** Returns the owner of an access key; null for an unknown key. */
function keyOf(accessKeyId: string, sessions: Sessions): Key | null {
  const names = Object.keys(CREDENTIALS) as CallerName[];
  const caller = names.find((name) => CREDENTIALS[name].accessKeyId === accessKeyId);
  if (caller !== undefined) {
    const { secretAccessKey } = CREDENTIALS[caller];
    return {
      caller,
      account: ACCOUNT_ID,
      session: null,
      secretAccessKey,
      token: null,
      expiresAt: Number.POSITIVE_INFINITY,
    };
  }
  const session = sessions.get(accessKeyId);
  return session === undefined ? null : { ...session, caller: 'member', session: session.name };
}

/** [docs: common errors of EC2, SSM and S3] */
function expiredToken(service: AwsCall['service']): AwsError {
  const message = 'The security token included in the request is expired';
  if (service === 'ec2') return new AwsError('RequestExpired', 400, 'Request has expired.');
  return ['s3', 'sts', 'sns', 'iam'].includes(service)
    ? new AwsError('ExpiredToken', service === 's3' ? 400 : 403, message)
    : new AwsError('ExpiredTokenException', 400, message);
}

/** By the names in signatures, which for some services differ from the SDK's. */
const SIGNED_AS: Readonly<Record<string, AwsCall['service']>> = {
  ec2: 'ec2',
  ssm: 'ssm',
  s3: 's3',
  sqs: 'sqs',
  sts: 'sts',
  sns: 'sns',
  events: 'eventbridge',
  iam: 'iam',
  servicequotas: 'service-quotas',
};

function serviceOf(name: string | undefined): AwsCall['service'] | null {
  return name !== undefined && Object.hasOwn(SIGNED_AS, name) ? (SIGNED_AS[name] ?? null) : null;
}

function unknownKey(service: AwsCall['service'], key: string): AwsError {
  const known = Object.values(CREDENTIALS).map(({ accessKeyId }) => accessKeyId);
  const hint = `(the local region knows the keys ${known.join(', ')}, not ${key})`;
  if (service !== 's3') return refusedCredentials(service, hint);
  return new AwsError(
    'InvalidAccessKeyId',
    403,
    `The AWS Access Key Id you provided does not exist in our records ${hint}`,
  );
}

function unknownRegion(service: AwsCall['service'], region: string, regions: ReadonlySet<string>): AwsError {
  const hint = `(there is no region ${region} here; there are ${[...regions].join(', ')})`;
  if (service !== 's3') return refusedCredentials(service, hint);
  return new AwsError(
    'AuthorizationHeaderMalformed',
    400,
    `The authorization header is malformed; the region is wrong ${hint}`,
  );
}

/** Returns every service's answer to unknown credentials, except S3's, in its own words. */
function refusedCredentials(service: Exclude<AwsCall['service'], 's3'>, hint: string): AwsError {
  switch (service) {
    case 'ec2':
      return new AwsError('AuthFailure', 401, `AWS was not able to validate the provided access credentials ${hint}`);
    case 'sts':
    case 'sns':
    case 'iam':
      return new AwsError('InvalidClientTokenId', 403, `The security token included in the request is invalid ${hint}`);
    case 'ssm':
    case 'sqs':
    case 'eventbridge':
    case 'service-quotas':
      return new AwsError(
        'UnrecognizedClientException',
        400,
        `The security token included in the request is invalid ${hint}`,
      );
  }
}

function wrongSignature(service: AwsCall['service']): AwsError {
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  switch (service) {
    case 'ec2':
      return new AwsError('AuthFailure', 401, message);
    case 'ssm':
    case 'sqs':
    case 'eventbridge':
    case 'service-quotas':
      return new AwsError('InvalidSignatureException', 400, message);
    case 'sts':
    case 'sns':
    case 'iam':
    case 's3':
      return new AwsError('SignatureDoesNotMatch', 403, message);
  }
}

function expired(at: number): AwsError {
  const times = { Expires: new Date(at).toISOString(), ServerTime: new Date().toISOString() };
  return new AwsError('AccessDenied', 403, 'Request has expired', times);
}
