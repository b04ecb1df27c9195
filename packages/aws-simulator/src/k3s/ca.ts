/**
 * The certificate authorities of a cluster, as K3s has them. The simulator uses two: one signs servers, the other clients. EC P-256 for
 * speed.
 */
import './reflect.js';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  type webcrypto,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

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
  issueAdmin(): Promise<KeyPair>;
  issueServer(names: string[]): Promise<KeyPair>;
  /** Reads the subject of a PKCS #10 request in PEM. Rejects anything else, and a request that is not signed with its own key. */
  subjectOf(request: string): Promise<{ user: string; groups: string[] }>;
  /** Returns a certificate for the key and the names of a request, dated back by five minutes as the signer of Kubernetes does; `names` are others. */
  signClient(request: string, seconds: number, names?: string): Promise<string>;
}

interface Authority {
  cert: x509.X509Certificate;
  keys: webcrypto.CryptoKeyPair;
  /** PEM: the chain of its certificates. */
  chain: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
export const DAY_MS = 86_400_000;
/** Leaf certificates live 365 days, the authorities ten years. [facts: k3s certificate] */
export const LEAF_DAYS = 365;
export const CA_DAYS = 3650;

export async function createClusterCa(): Promise<ClusterCa> {
  const made = await Promise.all(AUTHORITIES.map((name) => authority(`k3s-${name.replace('/', '-')}-ca`)));
  const files = Object.fromEntries(AUTHORITIES.map((name, index) => [name, made[index]]));
  return await clusterCaOf(files as ClusterCa['files'], (await authority('service')).key);
}

/** Returns the CA of these files: made by K3s at the first start, or by people. */
export async function clusterCaOf(files: ClusterCa['files'], serviceKey: string): Promise<ClusterCa> {
  const [server, client] = await Promise.all([load(files.server), load(files.client)]);
  return {
    serverCa: files.server.cert,
    clientCa: files.client.cert,
    hash: hashOf(files.server.cert),
    files,
    serviceKey,
    issueAdmin: () =>
      leaf(client, 'O=system:masters, CN=system:admin', [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ]),
    issueServer: (names) =>
      leaf(server, 'O=k3s, CN=k3s', [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          [...new Set(names)].map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
        ),
      ]),
    subjectOf: async (request) => {
      const { subjectName } = await verified(request);
      return { user: subjectName.getField('CN')[0] ?? '', groups: subjectName.getField('O') };
    },
    signClient: async (request, seconds, names) => {
      const { subject, publicKey } = await verified(request);
      const cert = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: names ?? subject,
        issuer: client.cert.subject,
        notBefore: new Date(Date.now() - 5 * 60_000),
        notAfter: new Date(Date.now() + seconds * 1_000),
        signingAlgorithm: ALGORITHM,
        signingKey: client.keys.privateKey,
        publicKey,
        extensions: [
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
        ],
      });
      return pem(cert);
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
async function load({ cert, key }: KeyPair): Promise<Authority> {
  const [first = ''] = key.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/) ?? [];
  const pkcs8 = createPrivateKey(first).export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(first).export({ type: 'spki', format: 'der' });
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, true, ['sign']),
    crypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
  ]);
  // Self-signed roots are left out: OpenSSL tries no other path once it has met an untrusted one; Go tries all.
  const chain = certificatesIn(cert).filter((one, index, all) => (all.length > 1 ? !isSelfSigned(one) : index === 0));
  const [own = ''] = cert.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/) ?? [];
  return {
    cert: new x509.X509Certificate(own),
    keys: { privateKey, publicKey },
    chain: chain.map((one) => one.toString()).join(''),
  };
}

async function authority(name: string): Promise<KeyPair> {
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}@${Math.floor(Date.now() / 1000)}`,
    ...lifetime(CA_DAYS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: pem(cert), key: await keyPem(keys) };
}

async function leaf(issuer: Authority, subject: string, extensions: x509.Extension[]): Promise<KeyPair> {
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject,
    issuer: issuer.cert.subject,
    ...lifetime(LEAF_DAYS),
    signingAlgorithm: ALGORITHM,
    signingKey: issuer.keys.privateKey,
    publicKey: keys.publicKey,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
      ...extensions,
    ],
  });
  return { key: await keyPem(keys), cert: pem(cert) + issuer.chain };
}

const keyPem = async (keys: webcrypto.CryptoKeyPair): Promise<string> =>
  `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n`;

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function lifetime(days: number): { notBefore: Date; notAfter: Date } {
  // A minute of slack, for clocks that differ a little.
  return { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + days * DAY_MS) };
}

function pem(cert: x509.X509Certificate): string {
  return `${cert.toString('pem')}\n`;
}

function serial(): string {
  return `00${randomBytes(8).toString('hex')}`;
}
