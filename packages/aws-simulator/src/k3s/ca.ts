/** The two certificate authorities of a cluster, as K3s has them: one signs servers, the other clients. EC P-256 for speed. */
import './reflect.js';
import { createHash, randomBytes, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export interface KeyPair {
  /** PKCS #8, PEM. */
  key: string;
  /** PEM; the issuer follows where a client needs the chain. */
  cert: string;
}

export interface ClusterCa {
  serverCa: string;
  clientCa: string;
  /** SHA-256 of the server CA's PEM: what secure tokens begin with. */
  hash: string;
  /** Client certificate of `system:masters`: each server has one of its own in its k3s.yaml. */
  issueAdmin(): Promise<KeyPair>;
  issueServer(names: string[]): Promise<KeyPair>;
  /** Whom a PKCS #10 request in PEM names. Rejects what is none, or is not signed with its own key. */
  subjectOf(request: string): Promise<{ user: string; groups: string[] }>;
  /** A certificate for the key and the names of a request, dated back by five minutes as the signer of Kubernetes does; `names` are others. */
  signClient(request: string, seconds: number, names?: string): Promise<string>;
}

interface Authority {
  cert: x509.X509Certificate;
  keys: webcrypto.CryptoKeyPair;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
export const DAY_MS = 86_400_000;
/** Leaf certificates live 365 days, the authorities ten years. [facts: k3s certificate] */
export const LEAF_DAYS = 365;
export const CA_DAYS = 3650;

export async function createClusterCa(): Promise<ClusterCa> {
  const [server, client] = await Promise.all([authority('k3s-server-ca'), authority('k3s-client-ca')]);
  const serverCa = pem(server.cert);
  const clientCa = pem(client.cert);
  return {
    serverCa,
    clientCa,
    hash: createHash('sha256').update(serverCa).digest('hex'),
    issueAdmin: async () => {
      const usage = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);
      const { key, cert } = await leaf(client, 'O=system:masters, CN=system:admin', [usage]);
      return { key, cert: cert + clientCa };
    },
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

async function authority(name: string): Promise<Authority> {
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
  return { cert, keys };
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
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { key: `${key}\n`, cert: pem(cert) };
}

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
