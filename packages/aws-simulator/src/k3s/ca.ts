/**
 * The certificate authorities of a cluster, as K3s has them. The simulator uses two: one signs servers, the other clients. EC P-256 for
 * speed.
 */
import './reflect.js';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { EXTENSIONS, nameOf, subjectIn, writeCertificate } from './x509.js';

export interface KeyPair {
  /** PKCS #8, PEM. */
  key: string;
  /** PEM; the issuer follows if a client needs the chain. */
  cert: string;
}

/** The authorities of a cluster, by the place of their files below `server/tls`: `<name>-ca.crt` and `<name>-ca.key`. */
export const AUTHORITIES = ['server', 'client', 'request-header', 'etcd/peer', 'etcd/server'] as const;
export type AuthorityName = (typeof AUTHORITIES)[number];

export interface ClusterCa {
  /** PEM: the authority itself, and after a rotation its chain. */
  serverCa: string;
  clientCa: string;
  /** Beginning of secure tokens. */
  hash: string;
  /** Files of each authority on a server's disk. */
  files: Record<AuthorityName, KeyPair>;
  /** Private keys that sign tokens of service accounts, the newest first. */
  serviceKey: string;
  /** Client certificate of `system:masters`: each server has its own in its k3s.yaml. */
  issueAdmin(): KeyPair;
  /** @param at milliseconds since 1970 from which it lives */
  issueServer(names: string[], at?: number): KeyPair;
  /** Reads the subject of a PKCS #10 request in PEM. Rejects anything else, and a request that is not signed with its own key. */
  subjectOf(request: string): Promise<{ user: string; groups: string[] }>;
  /** Returns a certificate for the key and the names of a request, dated back by five minutes as the signer of Kubernetes does; `names` are others. */
  signClient(request: string, seconds: number, names?: string): Promise<string>;
}

interface Authority {
  /** DER, like its public key. */
  subject: Buffer;
  publicKey: Buffer;
  key: KeyObject;
  /** PEM: the chain of its certificates. */
  chain: string;
}

export const DAY_MS = 86_400_000;
/** Leaf certificates live 365 days, the authorities ten years. [facts: k3s certificate] */
export const LEAF_DAYS = 365;
export const CA_DAYS = 3650;

const ADMIN = nameOf([
  ['O', 'system:masters'],
  ['CN', 'system:admin'],
]);
const K3S = nameOf([
  ['O', 'k3s'],
  ['CN', 'k3s'],
]);

export function createClusterCa(): ClusterCa {
  const made = AUTHORITIES.map((name) => [name, newAuthority(`k3s-${name.replace('/', '-')}-ca`)] as const);
  const authorities = Object.fromEntries(made) as Record<AuthorityName, Authority>;
  const files = Object.fromEntries(made.map(([name, { chain, key }]) => [name, { cert: chain, key: keyPem(key) }]));
  return caOf(files as ClusterCa['files'], keyPem(newKey().key), authorities);
}

/** Returns the CA of these files: made by K3s at the first start, or by people. */
export function clusterCaOf(files: ClusterCa['files'], serviceKey: string): ClusterCa {
  return caOf(files, serviceKey, { server: load(files.server), client: load(files.client) });
}

function caOf(
  files: ClusterCa['files'],
  serviceKey: string,
  { server, client }: Record<'server' | 'client', Authority>,
): ClusterCa {
  return {
    serverCa: files.server.cert,
    clientCa: files.client.cert,
    hash: hashOf(files.server.cert),
    files,
    serviceKey,
    issueAdmin: () => leaf(client, ADMIN, [EXTENSIONS.usedBy('client')]),
    issueServer: (names, at) =>
      leaf(server, K3S, [EXTENSIONS.usedBy('server'), EXTENSIONS.names([...new Set(names)])], at),
    subjectOf: async (request) => {
      const { subjectName } = await verified(request);
      return { user: subjectName.getField('CN')[0] ?? '', groups: subjectName.getField('O') };
    },
    signClient: async (request, seconds, names) => {
      const { subjectName, publicKey } = await verified(request);
      const subject = names === undefined ? subjectName : new x509.Name(names);
      return writeCertificate({
        subject: Buffer.from(subject.toArrayBuffer()),
        issuer: client.subject,
        notBefore: new Date(Date.now() - 5 * 60_000),
        notAfter: new Date(Date.now() + seconds * 1_000),
        publicKey: Buffer.from(publicKey.rawData),
        extensions: [EXTENSIONS.keyUsage(), EXTENSIONS.usedBy('client')],
        signingKey: client.key,
      });
    },
  };
}

async function verified(request: string): Promise<x509.Pkcs10CertificateRequest> {
  const read = new x509.Pkcs10CertificateRequest(request);
  if (!(await read.verify())) throw new Error('the request is not signed with its own key');
  return read;
}

/** Returns the certificates of a PEM bundle, in their order. */
export const certificatesIn = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );

export const isSelfSigned = (cert: X509Certificate): boolean => cert.checkIssued(cert) && cert.verify(cert.publicKey);

/** Returns the hash of a single certificate's file, or of the root of a bundle's first certificate. [k3s source: clientaccess, hashCA] */
function hashOf(bundle: string): string {
  const certs = certificatesIn(bundle);
  let [last] = certs;
  for (let next = last; certs.length > 1 && next !== undefined && !isSelfSigned(next); ) {
    const issued: X509Certificate = next;
    const issuers = certs.filter((one) => issued.checkIssued(one) && issued.verify(one.publicKey));
    next = issuers.find(isSelfSigned) ?? issuers[0];
    last = next ?? last;
  }
  const bytes = certs.length > 1 && last !== undefined ? last.raw : bundle;
  return createHash('sha256').update(bytes).digest('hex');
}

/** Returns the authority that signs: the first certificate and the first key of the files. */
function load({ cert, key: bundle }: KeyPair): Authority {
  const [first = ''] = bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/) ?? [];
  const key = createPrivateKey(first);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('the key of the CA is not of EC P-256');
  const certs = certificatesIn(cert);
  const [own] = certs;
  if (own === undefined) throw new Error('the CA has no certificate');
  // Self-signed roots are left out: OpenSSL tries no other path once it has met an untrusted one; Go tries all.
  const chain = certs.length > 1 ? certs.filter((one) => !isSelfSigned(one)) : certs;
  const publicKey = spkiOf(createPublicKey(first));
  return { subject: subjectIn(own.raw), publicKey, key, chain: chain.map((one) => one.toString()).join('') };
}

function newAuthority(name: string): Authority {
  const { key, publicKey } = newKey();
  const subject = nameOf([['CN', `${name}@${Math.floor(Date.now() / 1000)}`]]);
  const chain = writeCertificate({
    subject,
    issuer: subject,
    ...lifetime(CA_DAYS),
    publicKey,
    extensions: [EXTENSIONS.authority(), EXTENSIONS.keyUsageOfAuthority(), EXTENSIONS.subjectKey(publicKey)],
    signingKey: key,
  });
  return { subject, publicKey, key, chain };
}

function leaf(issuer: Authority, subject: Buffer, extensions: Buffer[], at?: number): KeyPair {
  const { key, publicKey } = newKey();
  const cert = writeCertificate({
    subject,
    issuer: issuer.subject,
    ...lifetime(LEAF_DAYS, at),
    publicKey,
    extensions: [EXTENSIONS.keyUsage(), EXTENSIONS.authorityKey(issuer.publicKey), ...extensions],
    signingKey: issuer.key,
  });
  return { key: keyPem(key), cert: cert + issuer.chain };
}

const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

function newKey(): Pick<Authority, 'key' | 'publicKey'> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { key: privateKey, publicKey: spkiOf(publicKey) };
}

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' });

function lifetime(days: number, at = Date.now()): { notBefore: Date; notAfter: Date } {
  // A minute of slack, for clocks that differ a little.
  return { notBefore: new Date(at - 60_000), notAfter: new Date(at + days * DAY_MS) };
}
