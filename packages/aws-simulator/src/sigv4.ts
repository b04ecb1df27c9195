/** AWS Signature Version 4, on the server's side: who asks, for which service and region, and whether the signature is right. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  method: string;
  /** As sent, still encoded. */
  rawPath: string;
  rawQuery: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Buffer;
}

export interface Signature {
  accessKeyId: string;
  /** YYYYMMDD */
  date: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
  /** YYYYMMDDTHHMMSSZ */
  timestamp: string;
  /** Seconds, of a presigned URL; null for a signed header. */
  expires: number | null;
}

/** Reads the credential scope from the Authorization header or a presigned URL; null without one. */
export function readSignature(request: SignedRequest): Signature | null {
  const query = new URLSearchParams(request.rawQuery);
  const presigned = query.get('X-Amz-Credential');
  const parts = presigned === null ? fromHeader(request.headers['authorization']) : fromQuery(query);
  const [accessKeyId, date, region, service, terminator] = splitScope(parts?.credential ?? '');
  if (parts === null || !accessKeyId || !date || !region || !service || terminator !== 'aws4_request') return null;
  return {
    accessKeyId,
    date,
    region,
    service,
    signedHeaders: parts.signedHeaders.split(';'),
    signature: parts.signature,
    timestamp: (presigned === null ? request.headers['x-amz-date'] : query.get('X-Amz-Date')) ?? '',
    expires: presigned === null ? null : Number(query.get('X-Amz-Expires') ?? '0'),
  };
}

/** Returns the milliseconds since the epoch of a timestamp; NaN when it is none. */
export function timeOf(timestamp: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

/** Returns whether the secret has signed this request, body included if its hash was signed. */
export function isSignedBy(secret: string, signature: Signature, request: SignedRequest): boolean {
  const { date, region, service, timestamp, signedHeaders } = signature;
  const canonicalHeaders = signedHeaders
    .map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`)
    .join('');
  const canonical = [
    request.method,
    request.rawPath,
    canonicalQuery(request.rawQuery),
    canonicalHeaders,
    signedHeaders.join(';'),
    payloadHash(signature, request),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', timestamp, `${date}/${region}/${service}/aws4_request`, sha256(canonical)].join(
    '\n',
  );
  const expected = createHmac('sha256', signingKey(secret, signature)).update(text).digest();
  const given = Buffer.from(signature.signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** More than callers, services and regions of a day; beyond it they are derived again. */
const MOST_KEYS = 1_000;
const keys = new Map<string, Buffer>();

/** The same for all requests of a day, a region and a service: as clients do, the simulator derives it once. */
function signingKey(secret: string, { date, region, service }: Signature): Buffer {
  const parts = [date, region, service, 'aws4_request'];
  const name = [secret, ...parts].join('\n');
  const there = keys.get(name);
  if (there !== undefined) return there;
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of parts) key = createHmac('sha256', key).update(part).digest();
  if (keys.size >= MOST_KEYS) keys.clear();
  keys.set(name, key);
  return key;
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function payloadHash(signature: Signature, request: SignedRequest): string {
  if (signature.expires !== null) {
    return new URLSearchParams(request.rawQuery).get('X-Amz-Content-Sha256') ?? 'UNSIGNED-PAYLOAD';
  }
  return request.headers['x-amz-content-sha256'] ?? sha256(request.body);
}

function canonicalQuery(rawQuery: string): string {
  return rawQuery
    .split('&')
    .filter((pair) => pair !== '' && !pair.startsWith('X-Amz-Signature='))
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&');
}

interface SignatureParts {
  credential: string;
  signedHeaders: string;
  signature: string;
}

function fromHeader(authorization: string | undefined): SignatureParts | null {
  const match = /^AWS4-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)$/.exec(
    authorization ?? '',
  );
  if (match === null) return null;
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  return { credential, signedHeaders, signature };
}

function fromQuery(query: URLSearchParams): SignatureParts {
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature: query.get('X-Amz-Signature') ?? '',
  };
}

/** The key may contain slashes, the scope has four parts. */
function splitScope(credential: string): string[] {
  const parts = credential.split('/');
  return [parts.slice(0, -4).join('/'), ...parts.slice(-4)];
}
