/**
 * Objects in parts: begun, sent part by part, then completed or aborted. [S3 user guide: Multipart upload; S3 API: UploadPart,
 * CompleteMultipartUpload]
 */
import { createHash, randomBytes } from 'node:crypto';
import { XMLParser } from 'fast-xml-parser';
import * as z from 'zod';
import { AwsError } from '../aws-error.js';
import type { AwsCall, HttpReply } from '../contract.js';
import { element } from '../xml.js';
import { readBody } from './body.js';
import { type Bucket, etagOf, type StoredObject, type Upload } from './buckets.js';
import { checkWrite } from './conditions.js';
import { xmlReply } from './listing.js';
import { keptHeaders } from './objects.js';

const MIB = 1024 * 1024;
/** Least size of every part but the last. [S3 user guide: multipart upload limits] */
export const LEAST_PART_BYTES = 5 * MIB;
const MOST_PARTS = 10_000;

export function createUpload(bucket: Bucket, key: string, call: AwsCall): HttpReply {
  const id = randomBytes(32).toString('base64url');
  bucket.uploads.set(id, { id, key, headers: keptHeaders(bucket, call), parts: new Map() });
  return xmlReply('InitiateMultipartUploadResult', [
    element('Bucket', bucket.name),
    element('Key', key),
    element('UploadId', id),
  ]);
}

export function uploadPart(bucket: Bucket, key: string, call: AwsCall): HttpReply {
  const { parts } = uploadOf(bucket, key, call);
  const number = Number(call.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > MOST_PARTS) {
    const message = `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`;
    throw new AwsError('InvalidArgument', 400, message, { ArgumentName: 'partNumber' });
  }
  const body = readBody(call);
  const etag = etagOf(body);
  parts.set(number, { body, etag });
  return { status: 200, headers: { etag }, body: '' };
}

/** @param leastPartBytes S3's own limit of each part but the last, unless set otherwise */
export function completeUpload(bucket: Bucket, key: string, call: AwsCall, leastPartBytes: number): HttpReply {
  const upload = uploadOf(bucket, key, call);
  const named = partsNamed(call.body);
  checkWrite(call.headers, bucket.objects.get(key), key);
  if (named.some(({ PartNumber: number }, index) => number <= (named[index - 1]?.PartNumber ?? 0))) {
    const message = 'The list of parts was not in ascending order. Parts must be ordered by part number.';
    throw new AwsError('InvalidPartOrder', 400, message);
  }
  const bodies = named.map(({ PartNumber: number, ETag: etag }) => {
    const part = upload.parts.get(number);
    if (part !== undefined && unquoted(part.etag) === unquoted(etag)) return part.body;
    const message =
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
    throw new AwsError('InvalidPart', 400, message, { PartNumber: String(number) });
  });
  const small = bodies.slice(0, -1).findIndex((part) => part.length < leastPartBytes);
  if (small >= 0) {
    throw new AwsError('EntityTooSmall', 400, 'Your proposed upload is smaller than the minimum allowed size', {
      ProposedSize: String(bodies[small]?.length),
      MinSizeAllowed: String(leastPartBytes),
      PartNumber: String(named[small]?.PartNumber),
    });
  }
  const body = Buffer.concat(bodies);
  const object: StoredObject = {
    key,
    body,
    etag: etagOfParts(bodies),
    lastModified: new Date(),
    contentType: 'binary/octet-stream',
    headers: upload.headers,
  };
  bucket.objects.set(key, object);
  bucket.uploads.delete(upload.id);
  return xmlReply('CompleteMultipartUploadResult', [
    element('Bucket', bucket.name),
    element('Key', key),
    element('ETag', object.etag),
  ]);
}

export function abortUpload(bucket: Bucket, key: string, call: AwsCall): HttpReply {
  bucket.uploads.delete(uploadOf(bucket, key, call).id);
  return { status: 204, body: '' };
}

function uploadOf(bucket: Bucket, key: string, { query }: AwsCall): Upload {
  const id = query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(id);
  if (upload?.key === key) return upload;
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
  throw new AwsError('NoSuchUpload', 404, message, { UploadId: id });
}

const completeSchema = z.object({
  CompleteMultipartUpload: z.object({
    Part: z
      .array(z.object({ PartNumber: z.coerce.number().int(), ETag: z.string() }))
      .min(1)
      .max(MOST_PARTS),
  }),
});

function partsNamed(body: Buffer): z.output<typeof completeSchema>['CompleteMultipartUpload']['Part'] {
  const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'Part' });
  const parsed = completeSchema.safeParse(parser.parse(body.toString('utf8')));
  if (parsed.success) return parsed.data.CompleteMultipartUpload.Part;
  const message = 'The XML you provided was not well-formed or did not validate against our published schema';
  throw new AwsError('MalformedXML', 400, message);
}

const unquoted = (etag: string): string => etag.replaceAll('"', '').replaceAll('&quot;', '');

/** MD5 of the parts' MD5s, and how many there are. [S3 API: Object, ETag] */
function etagOfParts(bodies: readonly Buffer[]): string {
  const digests = bodies.map((body) => createHash('md5').update(body).digest());
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${bodies.length}"`;
}
