import type { ErrorClass } from '../model/state.js';

const TABLE: Partial<Record<ErrorClass, readonly string[]>> = {
  throttled: [
    'RequestLimitExceeded',
    'Throttling',
    'ThrottlingException',
    'SlowDown',
    'TooManyRequestsException',
    'EC2ThrottledException',
  ],
  'not-found-yet': [
    'InvocationDoesNotExist',
    'InvalidInstanceId',
    'InvalidInstanceID.NotFound',
    'InvalidGroup.NotFound',
  ],
  capacity: [
    'InsufficientInstanceCapacity',
    'InsufficientHostCapacity',
    'InsufficientCapacity',
    'Unsupported',
    'InsufficientFreeAddressesInSubnet',
  ],
  quota: [
    'InstanceLimitExceeded',
    'VcpuLimitExceeded',
    'SecurityGroupLimitExceeded',
    'VolumeLimitExceeded',
    'MaxSpotInstanceCountExceeded',
  ],
  auth: [
    'UnauthorizedOperation',
    'AuthFailure',
    'AccessDenied',
    'AccessDeniedException',
    'UnrecognizedClientException',
    'InvalidClientTokenId',
    'ExpiredToken',
    'ExpiredTokenException',
    'SignatureDoesNotMatch',
    'CredentialsProviderError',
    'OptInRequired',
    'InvalidAccessKeyId',
  ],
  invalid: [
    'NoSuchBucket',
    'InvalidAMIID.NotFound',
    'InvalidAMIID.Malformed',
    'InvalidSubnetID.NotFound',
    'InvalidVpcID.NotFound',
    'InvalidInstanceType',
    'ParameterNotFound',
    'InvalidParameterValue',
    'InvalidParameter',
    'MissingParameter',
    'ValidationException',
    'InvalidParameterCombination',
  ],
  conflict: [
    'IdempotentParameterMismatch',
    'IdempotentInstanceTerminated',
    'IncorrectInstanceState',
    'IncorrectState',
    'DependencyViolation',
    'PreconditionFailed',
    'ConditionalRequestConflict',
    'InvalidGroup.Duplicate',
    'OperationNotPermitted',
  ],
  transient: [
    'InternalError',
    'InternalFailure',
    'InternalServerError',
    'ServiceUnavailable',
    'Unavailable',
    'RequestTimeout',
    'RequestTimeoutException',
    'TimeoutError',
    'AbortError',
    'UnknownEndpoint',
  ],
};

/** Class and advice of an AWS or network code. */
export function classifyCode(code: string, httpStatus?: number): { class: ErrorClass; advice: string } {
  const listed = Object.entries(TABLE).find(([, codes]) => codes.includes(code))?.[0] as ErrorClass | undefined;
  const network = /^E[A-Z_]+$/.test(code);
  const derived =
    network || (httpStatus ?? 0) >= 500
      ? 'transient'
      : httpStatus === 429
        ? 'throttled'
        : httpStatus === 403
          ? 'auth'
          : 'unknown';
  return { class: listed ?? derived, advice: 'see the message' };
}
