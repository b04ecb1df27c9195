import { alike, type KnownErrors } from './known.js';

/** Codes of S3. [docs: S3 API reference, error responses; conditional writes] */
export const S3_ERRORS: KnownErrors = {
  ...alike('S3', 'throttled', 'nothing', ['SlowDown']),
  ...alike('S3', 'conflict', 'nothing; the object is read again and written again', [
    'PreconditionFailed',
    'ConditionalRequestConflict',
    'OperationAborted',
  ]),
  ...alike('S3', 'invalid', 'create the bucket, or set KEELSON_BUCKET to one that exists', [
    'NoSuchBucket',
    'InvalidBucketName',
  ]),
  ...alike('S3', 'invalid', "set AWS_REGION to the bucket's region", [
    'PermanentRedirect',
    'AuthorizationHeaderMalformed',
    'IllegalLocationConstraintException',
  ]),
  ...alike('S3', 'auth', 'allow the action on the bucket, and on its KMS key, in the policy of the worker', [
    'AllAccessDisabled',
    'KMS.AccessDeniedException',
    'KMS.DisabledException',
  ]),
  ...alike('S3', 'not-found-yet', 'if it lasts: the node could not upload; see its job log', ['NoSuchKey', 'NotFound']),
};
