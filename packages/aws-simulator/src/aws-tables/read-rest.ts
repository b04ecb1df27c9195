/** S3's requests: members stand in the path, the query and the headers. */
import type { AwsCall } from '../contract.js';
import { addressOf } from '../s3/address.js';
import type { Structure } from './table.js';
import type { Input } from './violation.js';

/** Of the protocol, not of the call: the SDK's own mark, and a presigned URL's signature. */
const QUERY_OF_THE_PROTOCOL =
  /^(x-id|x-amz-(algorithm|credential|date|expires|signature|signedheaders|security-token|user-agent|content-sha256|sdk-.*))$/i;
/** The signature's, the transfer's and the checksum's. [docs: S3 SigV4, checking object integrity] */
const HEADERS_OF_THE_PROTOCOL =
  /^x-amz-(date|content-sha256|security-token|user-agent|decoded-content-length|trailer|sdk-.*|checksum-.*)$/;
/** Headers without S3's prefix that change what a call means: they have to be the call's. */
const CONDITIONS = /^(if-(none-)?match|if-(un)?modified-since|range)$/;

/** @param http as the table has it, e.g. `GET /?list-type=2` */
export function readRest(structure: Structure, call: AwsCall, http: string): Input {
  return { ...fromPath(structure, call), ...fromQuery(structure, call, http), ...fromHeaders(structure, call) };
}

function fromPath(structure: Structure, { path }: AwsCall): Record<string, unknown> {
  const { bucket, key } = addressOf(path);
  const labels: Record<string, string> = { Bucket: bucket, Key: key };
  const present = Object.entries(structure).filter(([name, { at }]) => at === 'path' && labels[name]);
  return Object.fromEntries(present.map(([name]) => [name, labels[name]]));
}

function fromQuery(structure: Structure, { query }: AwsCall, http: string): Record<string, unknown> {
  const fixed = new URLSearchParams(http.split('?')[1] ?? '');
  const input: Record<string, unknown> = {};
  for (const [wire, value] of query) {
    if (QUERY_OF_THE_PROTOCOL.test(wire) || fixed.has(wire)) continue;
    // The presigner moves headers into the query.
    const [name, type] = memberAt(structure, wire, 'query') ??
      memberAt(structure, wire.toLowerCase(), 'header') ?? [wire];
    if (type === undefined && HEADERS_OF_THE_PROTOCOL.test(wire.toLowerCase())) continue;
    input[name] = typed(value, type);
  }
  return input;
}

function fromHeaders(structure: Structure, { headers }: AwsCall): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [wire, value] of Object.entries(headers)) {
    if (!wire.startsWith('x-amz-') && !CONDITIONS.test(wire)) continue;
    const [name, type] = memberAt(structure, wire, 'header') ?? [wire];
    const isOfMap = Object.values(structure).some(
      ({ at, wire: prefix = '' }) => at === 'headers' && wire.startsWith(prefix),
    );
    if (type === undefined && (isOfMap || HEADERS_OF_THE_PROTOCOL.test(wire))) continue;
    input[name] = typed(value, type);
  }
  return input;
}

function memberAt(structure: Structure, wire: string, at: 'query' | 'header'): [string, unknown] | undefined {
  const found = Object.entries(structure).find(([name, member]) => member.at === at && (member.wire ?? name) === wire);
  return found === undefined ? undefined : [found[0], found[1].type];
}

/** What is no number stays a text, and the table says so. */
function typed(value: string, type: unknown): unknown {
  if (type === 'number' && /^-?\d+$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  // One of several values of a header that is a list.
  return Array.isArray(type) ? value.split(',').map((one) => one.trim()) : value;
}
