import { XMLParser } from 'fast-xml-parser';
import * as z from 'zod';
import { AwsError } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { element, repeated, XML_DECLARATION, type Xml } from '../xml.js';
import { type Bucket, type StoredObject, sortedKeys } from './buckets.js';

export const S3_NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** Keys a page and keys a DeleteObjects, at most. [docs: S3] */
const MOST = 1_000;

/** ListObjectsV2: prefix, delimiter, pages. */
export function listObjects(bucket: Bucket, { query }: AwsCall): HttpReply {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const size = Math.min(Number(query.get('max-keys') ?? MOST), MOST);
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const encode = query.get('encoding-type') === 'url' ? encodeKey : (text: string): string => text;

  const rows = rowsOf(bucket, prefix, delimiter).filter(
    ({ name }) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0,
  );
  const page = rows.slice(0, size);
  const isTruncated = rows.length > page.length;
  const next = isTruncated ? Buffer.from(page.at(-1)?.name ?? '').toString('base64url') : undefined;
  const contents = page.flatMap(({ object }): Xml[] => (object === null ? [] : [contentXml(object, encode)]));
  const prefixes = page.filter(({ object }) => object === null).map(({ name }) => ({ Prefix: encode(name) }));
  const head: Record<string, Xml> = {
    Name: bucket.name,
    Prefix: encode(prefix),
    ...(delimiter !== '' && { Delimiter: encode(delimiter) }),
    MaxKeys: size,
    KeyCount: page.length,
    IsTruncated: isTruncated,
    ...(token !== null && { ContinuationToken: token }),
    ...(next !== undefined && { NextContinuationToken: next }),
    ...(query.get('encoding-type') === 'url' && { EncodingType: 'url' }),
  };
  const elements = Object.entries(head).map(([name, value]) => element(name, value));
  return xmlReply('ListBucketResult', [
    ...elements,
    repeated('Contents', contents),
    repeated('CommonPrefixes', prefixes),
  ]);
}

const deleteSchema = z.object({
  Delete: z.object({
    Object: z
      .array(z.object({ Key: z.string() }))
      .min(1)
      .max(MOST),
    Quiet: z.string().optional(),
  }),
});

/** Reads the keys of a DeleteObjects. @throws MalformedXML */
export function keysToDelete(body: Buffer): string[] {
  return readDelete(body).Object.map(({ Key }) => Key);
}

function readDelete(body: Buffer): z.output<typeof deleteSchema>['Delete'] {
  const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'Object' });
  const parsed = deleteSchema.safeParse(parser.parse(body.toString('utf8')));
  if (parsed.success) return parsed.data.Delete;
  throw new AwsError('MalformedXML', 400, 'The XML you provided was not well-formed or did not validate');
}

export function deleteObjects(bucket: Bucket, body: Buffer): HttpReply {
  const { Object: objects, Quiet: quiet } = readDelete(body);
  for (const { Key: key } of objects) bucket.objects.delete(key);
  const deleted = quiet === 'true' ? [] : objects.map(({ Key }): Xml => ({ Key }));
  return xmlReply('DeleteResult', [repeated('Deleted', deleted)]);
}

export function xmlReply(root: string, children: string[]): HttpReply {
  const body = `${XML_DECLARATION}<${root}${S3_NAMESPACE}>${children.join('')}</${root}>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

/** Returns objects, and with a delimiter the common prefixes in their place. */
function rowsOf(bucket: Bucket, prefix: string, delimiter: string): { name: string; object: StoredObject | null }[] {
  const rows = new Map<string, StoredObject | null>();
  for (const key of sortedKeys(bucket, prefix)) {
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (end < 0) rows.set(key, bucket.objects.get(key) ?? null);
    else rows.set(key.slice(0, end + delimiter.length), null);
  }
  return [...rows].map(([name, object]) => ({ name, object }));
}

function contentXml({ key, body, etag, lastModified }: StoredObject, encode: (key: string) => string): Xml {
  const LastModified = lastModified.toISOString();
  return { Key: encode(key), LastModified, ETag: etag, Size: body.length, StorageClass: 'STANDARD' };
}

function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/');
}
