/** Reads a request to S3: bucket and key from the path, the operation from method and query. */
import type { AwsCall } from '../contract.js';

export interface S3Address {
  bucket: string;
  key: string;
}

/** Path style: `/<bucket>/<key>`. */
export function addressOf(path: string): S3Address {
  const [, bucket = '', ...key] = path.split('/');
  return { bucket: decode(bucket), key: decode(key.join('/')) };
}

/** Returns the API operation's name; `Unknown` for what isn't modelled. */
export function s3ActionOf({ method, path, query }: Pick<AwsCall, 'method' | 'path' | 'query'>): string {
  const { bucket, key } = addressOf(path);
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : 'Unknown';
  if (key === '') return bucketAction(method, query);
  // Versions, tags and the like aren't modelled.
  const aside = ['tagging', 'acl', 'versionId', 'retention', 'attributes'];
  if (query.has('uploads') || query.has('uploadId')) return uploadAction(method, query);
  if (aside.some((name) => query.has(name))) return 'Unknown';
  const names: Record<string, string> = {
    GET: 'GetObject',
    HEAD: 'HeadObject',
    PUT: 'PutObject',
    DELETE: 'DeleteObject',
  };
  return names[method] ?? 'Unknown';
}

function uploadAction(method: string, query: URLSearchParams): string {
  if (query.has('uploads')) return method === 'POST' ? 'CreateMultipartUpload' : 'Unknown';
  if (method === 'PUT') return query.has('partNumber') ? 'UploadPart' : 'Unknown';
  const names: Record<string, string> = { POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' };
  return names[method] ?? 'Unknown';
}

function bucketAction(method: string, query: URLSearchParams): string {
  if (method === 'GET') {
    if (query.has('location')) return 'GetBucketLocation';
    return query.get('list-type') === '2' ? 'ListObjectsV2' : 'Unknown';
  }
  if (method === 'POST') return query.has('delete') ? 'DeleteObjects' : 'Unknown';
  const names: Record<string, string> = { HEAD: 'HeadBucket', PUT: 'CreateBucket', DELETE: 'DeleteBucket' };
  return names[method] ?? 'Unknown';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
