/**
 * Writes X.509 certificates of EC P-256 keys, signed with SHA-256. A library takes 3.4 ms of CPU time for one, most of it to read what it has just
 * written, against 0.5 ms here, and each cluster needs seven: in a benchmark of a thousand clusters they were the most expensive part of the region.
 * [RFC 5280, X.690; npm run bench -- thousands]
 */
import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

export interface CertificateRequest {
  /** DER. */
  subject: Buffer;
  issuer: Buffer;
  notBefore: Date;
  notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Buffer;
  extensions: Buffer[];
  /** Signs it. */
  signingKey: KeyObject;
}

/** @returns PEM */
export function writeCertificate(request: CertificateRequest): string {
  const algorithm = sequence(ECDSA_WITH_SHA256);
  const content = sequence(
    element(0xa0, Buffer.from([0x02, 0x01, 0x02])),
    element(0x02, serial()),
    algorithm,
    request.issuer,
    sequence(time(request.notBefore), time(request.notAfter)),
    request.subject,
    request.publicKey,
    element(0xa3, sequence(...request.extensions)),
  );
  const whole = sequence(content, algorithm, bits(sign('sha256', content, request.signingKey)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** @param names organisations and a common name, as `[['O', 'k3s'], ['CN', 'k3s']]` */
export const nameOf = (names: readonly (readonly ['O' | 'CN', string])[]): Buffer =>
  sequence(...names.map(([kind, text]) => element(0x31, sequence(ATTRIBUTES[kind], element(0x0c, Buffer.from(text))))));

/** The subject of a certificate as its bytes stand there: in what it signs, the issuer must be the same. */
export function subjectIn(certificate: Buffer): Buffer {
  const [content = certificate] = childrenOf(certificate);
  // Version, serial number, algorithm, issuer, validity, subject.
  const subject = childrenOf(content)[5];
  if (subject === undefined) throw new Error('the certificate has no subject');
  return subject;
}

export const EXTENSIONS = {
  authority: (): Buffer => extension('551d13', sequence(Buffer.from([0x01, 0x01, 0xff])), true),
  /** Of an authority: certificates and signatures. */
  keyUsageOfAuthority: (): Buffer => extension('551d0f', Buffer.from([0x03, 0x02, 0x02, 0x84]), true),
  /** Of others: signatures. */
  keyUsage: (): Buffer => extension('551d0f', Buffer.from([0x03, 0x02, 0x07, 0x80]), true),
  subjectKey: (key: Buffer): Buffer => extension('551d0e', element(0x04, identifierOf(key))),
  authorityKey: (key: Buffer): Buffer => extension('551d23', sequence(element(0x80, identifierOf(key)))),
  usedBy: (side: 'server' | 'client'): Buffer =>
    extension('551d25', sequence(oid(`2b060105050703${side === 'server' ? '01' : '02'}`))),
  names: (names: readonly string[]): Buffer =>
    extension(
      '551d11',
      sequence(...names.map((name) => (isIP(name) ? element(0x87, bytesOf(name)) : element(0x82, Buffer.from(name))))),
    ),
};

const oid = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'));
const sequence = (...content: Buffer[]): Buffer => element(0x30, ...content);
const bits = (content: Buffer): Buffer => element(0x03, Buffer.from([0]), content);

function element(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [Buffer.from([0x01, 0x01, 0xff])] : []), element(0x04, value));
}

const ECDSA_WITH_SHA256 = oid('2a8648ce3d040302');
const ATTRIBUTES = { CN: oid('550403'), O: oid('55040a') };

/** Positive, and in as few bytes as may be: the first bit is 0, the second 1. */
function serial(): Buffer {
  const bytes = randomBytes(8);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** From 2050 on with four digits of the year. [RFC 5280: 4.1.2.5] */
function time(date: Date): Buffer {
  const text = `${date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')}`;
  return date.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(text.slice(2))) : element(0x18, Buffer.from(text));
}

/** SHA-1 of the point, which is the last 65 bytes. [RFC 5280: 4.2.1.2] */
const identifierOf = (key: Buffer): Buffer => createHash('sha1').update(key.subarray(-65)).digest();

function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // In URLs an address has its shortest form, with no IPv4 in it.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** The elements inside of one. */
function childrenOf(whole: Buffer): Buffer[] {
  const children: Buffer[] = [];
  for (let at = headerOf(whole).header; at < whole.length; ) {
    const { header, length } = headerOf(whole.subarray(at));
    children.push(whole.subarray(at, at + header + length));
    at += header + length;
  }
  return children;
}

function headerOf(whole: Buffer): { header: number; length: number } {
  const first = whole[1] ?? 0;
  if (first < 0x80) return { header: 2, length: first };
  const size = first & 0x7f;
  return { header: 2 + size, length: whole.readUIntBE(2, size) };
}
