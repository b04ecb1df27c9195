/** Reads the body of a PUT: plain, or in the SDK's aws-chunked encoding with a checksum behind it. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from '../aws-error.js';
import type { AwsCall } from '../contract.js';

/** @throws NotImplemented for a chunked transfer of plain data, MissingContentLength, BadDigest, IncompleteBody */
export function readBody(call: AwsCall): Buffer {
  const { headers } = call;
  const isAwsChunked =
    headers['content-encoding']?.includes('aws-chunked') === true ||
    headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true;
  if (!isAwsChunked && headers['transfer-encoding']?.includes('chunked')) {
    // S3's own words, as it answers clients. [docs: S3 error responses, NotImplemented]
    const message = 'A header you provided implies functionality that is not implemented';
    throw new AwsError('NotImplemented', 501, message, { Header: 'Transfer-Encoding' });
  }
  if (!isAwsChunked && headers['content-length'] === undefined) {
    throw new AwsError('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.');
  }
  const { body, trailers } = isAwsChunked ? unchunk(call.body) : { body: call.body, trailers: {} };
  checkDigests(body, { ...fromQuery(call.query), ...headers, ...trailers });
  return body;
}

/** `<hex size>[;chunk-signature=..]\r\n<data>\r\n ... 0\r\n<trailer>:<value>\r\n\r\n` [docs: S3 SigV4 streaming] */
function unchunk(raw: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = raw.indexOf('\r\n', at);
    if (end < 0) throw incomplete();
    const size = Number.parseInt(raw.toString('latin1', at, end), 16);
    at = end + 2;
    if (Number.isNaN(size) || at + size > raw.length) throw incomplete();
    if (size === 0) break;
    parts.push(raw.subarray(at, at + size));
    at += size + 2;
  }
  const trailers: Record<string, string> = {};
  for (const line of raw.toString('latin1', at).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { body: Buffer.concat(parts), trailers };
}

/** Given checksums must match; those in a presigned URL's query count like headers. */
function checkDigests(body: Buffer, stated: Record<string, string>): void {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  const digests: Record<string, string> = {
    'x-amz-checksum-crc32': sum.toString('base64'),
    'x-amz-checksum-sha256': createHash('sha256').update(body).digest('base64'),
    'content-md5': createHash('md5').update(body).digest('base64'),
  };
  for (const [name, digest] of Object.entries(digests)) {
    if (stated[name] === undefined || stated[name] === digest) continue;
    throw new AwsError('BadDigest', 400, `The ${name} you specified did not match the calculated checksum.`);
  }
}

function fromQuery(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query].map(([name, value]) => [name.toLowerCase(), value]));
}

function incomplete(): AwsError {
  return new AwsError('IncompleteBody', 400, 'The request body terminated unexpectedly');
}
