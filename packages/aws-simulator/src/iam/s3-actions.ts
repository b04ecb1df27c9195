/** Permissions for each call of S3. [S3 user guide: Required permissions for Amazon S3 API operations] */
import type { AwsCall } from '../contract.js';
import { addressOf } from '../s3/address.js';
import type { Bucket } from '../s3/buckets.js';
import { keysToDelete } from '../s3/listing.js';
import { timeOf } from '../sigv4.js';
import type { Check, Keys } from './check.js';

export interface S3Question {
  call: AwsCall;
  /** Null without such a bucket in the region, which S3 reveals to everyone. */
  bucket: Bucket | null;
}

type Judged = (question: S3Question) => Check[];

/**
 * Every step of an upload in parts counts as a PUT of its object; joining encrypted parts needs their decryption. [S3 user guide: multipart
 * upload API and permissions]
 */
const part: Judged = (question) => [
  ...onObject('s3:PutObject')(question),
  ...(question.call.headers['x-amz-tagging'] === undefined ? [] : onObject('s3:PutObjectTagging')(question)),
  ...onKey('kms:GenerateDataKey', question),
  ...onKey('kms:Decrypt', question),
];

export const S3_ACTIONS: Readonly<Record<string, Judged>> = {
  AbortMultipartUpload: onObject('s3:AbortMultipartUpload'),
  CompleteMultipartUpload: part,
  CreateMultipartUpload: part,
  CreateBucket: ({ call }) => [
    { action: 's3:CreateBucket', resource: bucketArn(addressOf(call.path).bucket), kind: 'bucket', keys: {} },
  ],
  DeleteBucket: onBucket('s3:DeleteBucket'),
  DeleteObject: onObject('s3:DeleteObject'),
  DeleteObjects: ({ call, bucket }) =>
    bucket === null
      ? []
      : keysToDelete(call.body).map((key) => ({
          action: 's3:DeleteObject',
          resource: `${bucketArn(bucket.name)}/${key}`,
          kind: 'object',
          keys: {},
        })),
  GetBucketLocation: onBucket('s3:GetBucketLocation'),
  GetObject: (question) => [...onObject('s3:GetObject')(question), ...onKey('kms:Decrypt', question)],
  HeadBucket: onBucket('s3:ListBucket'),
  HeadObject: onObject('s3:GetObject'),
  ListBuckets: () => [{ action: 's3:ListAllMyBuckets', resource: '*', kind: null, keys: {} }],
  ListObjectsV2: (question) => onBucket('s3:ListBucket')(question).map((one) => ({ ...one, keys: listKeys(question) })),
  PutObject: (question) => [
    ...onObject('s3:PutObject')(question),
    ...(question.call.headers['x-amz-tagging'] === undefined ? [] : onObject('s3:PutObjectTagging')(question)),
    ...onKey('kms:GenerateDataKey', question),
  ],
  UploadPart: part,
};

/**
 * Returns whether a reader may learn that a key does not exist: otherwise a missing object is forbidden. [S3 API: GetObject, Permissions]
 */
export function mayListCheck(bucket: Bucket): Check {
  return { action: 's3:ListBucket', resource: bucketArn(bucket.name), kind: 'bucket', keys: {} };
}

function onBucket(action: string): Judged {
  return ({ bucket }) =>
    bucket === null ? [] : [{ action, resource: bucketArn(bucket.name), kind: 'bucket', keys: {} }];
}

function onObject(action: string): Judged {
  return ({ call, bucket }) => {
    if (bucket === null) return [];
    const resource = `${bucketArn(bucket.name)}/${addressOf(call.path).key}`;
    return [{ action, resource, kind: 'object', keys: { 's3:signatureAge': signatureAge(call) } }];
  };
}

/** S3 uses the bucket's key in the name of the caller. [S3 user guide: SSE-KMS, Permissions] */
function onKey(action: string, { call, bucket }: S3Question): Check[] {
  const key = bucket?.kmsKeyArn ?? null;
  if (bucket === null || key === null) return [];
  const keys = { 'kms:ViaService': `s3.${call.region}.amazonaws.com` };
  return [{ action, resource: key, kind: 'key', keys, viaService: true }];
}

function listKeys({ call: { query } }: S3Question): Keys {
  const said = (name: string): [string, string][] => {
    const value = query.get(name);
    return value === null ? [] : [[`s3:${name}`, value]];
  };
  return Object.fromEntries(['prefix', 'delimiter', 'max-keys'].flatMap(said));
}

/** Returns the milliseconds, in steps of ten seconds, so that the same question comes again and its answer is kept. */
function signatureAge({ query, headers }: AwsCall): string {
  const at = timeOf(query.get('X-Amz-Date') ?? headers['x-amz-date'] ?? '');
  return String(Math.max(0, Math.floor((Date.now() - at) / 10_000) * 10_000));
}

function bucketArn(name: string): string {
  return `arn:aws:s3:::${name}`;
}
