import { AwsError } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { readBody } from './body.js';
import { type Bucket, etagOf, type StoredObject } from './buckets.js';
import { checkRead, checkWrite } from './conditions.js';

/** Headers of a PUT that a GET returns. */
const KEPT = /^(x-amz-meta-.*|cache-control|content-disposition|content-language|expires)$/;

export function putObject(bucket: Bucket, key: string, call: AwsCall): HttpReply {
  if (Buffer.byteLength(key) > 1_024) throw new AwsError('KeyTooLongError', 400, 'Your key is too long');
  const body = readBody(call);
  checkWrite(call.headers, bucket.objects.get(key), key);
  const encryption = encryptionOf(bucket, call);
  const object: StoredObject = {
    key,
    body,
    etag: etagOf(body),
    lastModified: new Date(),
    contentType: call.headers['content-type'] ?? 'binary/octet-stream',
    headers: keptHeaders(bucket, call),
  };
  bucket.objects.set(key, object);
  return { status: 200, headers: { etag: object.etag, ...encryption }, body: '' };
}

/** Returns the headers of a GET from the request that made the object. */
export function keptHeaders(bucket: Bucket, call: AwsCall): Record<string, string> {
  const kept = Object.entries(call.headers).filter(([name]) => KEPT.test(name));
  return { ...Object.fromEntries(kept), ...encryptionOf(bucket, call) };
}

export function getObject(bucket: Bucket, key: string, call: AwsCall): HttpReply {
  const object = bucket.objects.get(key);
  if (object === undefined) throw new AwsError('NoSuchKey', 404, 'The specified key does not exist.', { Key: key });
  const headers = {
    etag: object.etag,
    'last-modified': object.lastModified.toUTCString(),
    'content-type': object.contentType,
    'accept-ranges': 'bytes',
    ...object.headers,
  };
  if (checkRead(call.headers, object)) return { status: 304, headers, body: '' };
  // A HEAD gives the length, too, without a body, which the server leaves out.
  return { status: 200, headers: { ...headers, 'content-length': String(object.body.length) }, body: object.body };
}

/** Deleting a missing object is not an error. */
export function deleteObject(bucket: Bucket, key: string, call: AwsCall): HttpReply {
  const present = bucket.objects.get(key);
  if (call.headers['if-match'] !== undefined) checkWrite({ 'if-match': call.headers['if-match'] }, present, key);
  bucket.objects.delete(key);
  return { status: 204, body: '' };
}

/** Every object is encrypted with S3's own key at least, since 2023. [docs: S3 default encryption] */
function encryptionOf({ kmsKeyArn }: Bucket, { headers, query }: AwsCall): Record<string, string> {
  const name = 'x-amz-server-side-encryption';
  const algorithm = headers[name] ?? query.get(name) ?? (kmsKeyArn === null ? 'AES256' : 'aws:kms');
  const keyName = `${name}-aws-kms-key-id`;
  const key = headers[keyName] ?? query.get(keyName) ?? kmsKeyArn;
  return { [name]: algorithm, ...(key !== null && { [keyName]: key }) };
}
