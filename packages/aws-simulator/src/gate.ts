/** Who may come in: the credential scope names service and region, the signature proves the key. */
import { AwsError } from './aws-error.js';
import type { AwsCall } from './contract.js';
import { type CallerName, CREDENTIALS } from './credentials.js';
import { isSignedBy, readSignature, type Signature, type SignedRequest, sha256, timeOf } from './sigv4.js';

/** A signed header may be this much older or younger than now [docs: S3 RequestTimeTooSkewed]. */
const SKEW_MS = 15 * 60_000;

export interface Admission {
  service: AwsCall['service'];
  region: string;
  /** Whose key signed it; null for a request that is refused because no one's did. */
  caller: CallerName | null;
  /** Set when the request must be refused; by the service's own rules. */
  refusal: AwsError | null;
}

export function admit(request: SignedRequest, regions: ReadonlySet<string>): Admission {
  const signature = readSignature(request);
  const service = serviceOf(signature?.service);
  if (signature === null) {
    // Only S3 takes unsigned requests at all, for public objects, of which there are none here.
    const anonymous = { service: 's3' as const, region: '', caller: null };
    return { ...anonymous, refusal: new AwsError('AccessDenied', 403, 'Access Denied') };
  }
  const { region } = signature;
  if (service === null) {
    const message = `the local region has EC2, SSM, S3 and SQS, not ${signature.service}`;
    return { service: 'ec2', region, caller: null, refusal: new AwsError('UnknownOperationException', 404, message) };
  }
  const caller = callerOf(signature.accessKeyId);
  return { service, region, caller, refusal: refusal(service, signature, caller, request, regions) };
}

function refusal(
  service: AwsCall['service'],
  signature: Signature,
  caller: CallerName | null,
  request: SignedRequest,
  regions: ReadonlySet<string>,
): AwsError | null {
  if (caller === null) return unknownKey(service, signature.accessKeyId);
  // Real regions have names of their own in DNS. A region that an account has not enabled answers like this.
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
  if (!isSignedBy(CREDENTIALS[caller].secretAccessKey, signature, request)) return wrongSignature(service);
  const stated = request.headers['x-amz-content-sha256'];
  if (signature.expires === null && /^[0-9a-f]{64}$/.test(stated ?? '') && stated !== sha256(request.body)) {
    const message = 'The provided x-amz-content-sha256 header does not match what was computed.';
    return new AwsError('XAmzContentSHA256Mismatch', 400, message);
  }
  return null;
}

/** The caller behind an access key; null when the account has no such key. */
function callerOf(accessKeyId: string): CallerName | null {
  const names = Object.keys(CREDENTIALS) as CallerName[];
  return names.find((name) => CREDENTIALS[name].accessKeyId === accessKeyId) ?? null;
}

function serviceOf(name: string | undefined): AwsCall['service'] | null {
  return name === 'ec2' || name === 'ssm' || name === 's3' || name === 'sqs' ? name : null;
}

function unknownKey(service: AwsCall['service'], key: string): AwsError {
  const known = Object.values(CREDENTIALS).map(({ accessKeyId }) => accessKeyId);
  const hint = `(the local region knows the keys ${known.join(', ')}, not ${key})`;
  switch (service) {
    case 'ec2':
      return new AwsError('AuthFailure', 401, `AWS was not able to validate the provided access credentials ${hint}`);
    case 'ssm':
    case 'sqs':
      return new AwsError(
        'UnrecognizedClientException',
        400,
        `The security token included in the request is invalid ${hint}`,
      );
    case 's3':
      return new AwsError(
        'InvalidAccessKeyId',
        403,
        `The AWS Access Key Id you provided does not exist in our records ${hint}`,
      );
  }
}

function unknownRegion(service: AwsCall['service'], region: string, regions: ReadonlySet<string>): AwsError {
  const hint = `(there is no region ${region} here; there are ${[...regions].join(', ')})`;
  switch (service) {
    case 'ec2':
      return new AwsError('AuthFailure', 401, `AWS was not able to validate the provided access credentials ${hint}`);
    case 'ssm':
    case 'sqs':
      return new AwsError(
        'UnrecognizedClientException',
        400,
        `The security token included in the request is invalid ${hint}`,
      );
    case 's3':
      return new AwsError(
        'AuthorizationHeaderMalformed',
        400,
        `The authorization header is malformed; the region is wrong ${hint}`,
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
      return new AwsError('InvalidSignatureException', 400, message);
    case 's3':
      return new AwsError('SignatureDoesNotMatch', 403, message);
  }
}

function expired(at: number): AwsError {
  const times = { Expires: new Date(at).toISOString(), ServerTime: new Date().toISOString() };
  return new AwsError('AccessDenied', 403, 'Request has expired', times);
}
