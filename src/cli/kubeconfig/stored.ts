import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { parse } from 'yaml';
import * as z from 'zod';
import { CliError, EXIT } from '../exit.js';

/** Parts of a stored kubeconfig; Keelson itself writes the rest. */
export interface Access {
  /** `https://<host>:6443` */
  server: string;
  /** PEM in base64, as kubectl wants it. */
  ca: string;
  clientCertificate: string;
  clientKey: string;
}

/** What Keelson knows of the cluster from another source than the stored file. */
export interface Known {
  name: string;
  /** Host of the API, from the status. */
  apiAddress: string;
  /** SHA-256 of the server CA's PEM, in hex, with which a secure K3s token begins. Null if unknown. */
  caHash: string | null;
}

/** K3s writes 3 KiB. [measured: K3s 1.34] */
const MAX_BYTES = 64 * 1024;

const pem = z.string().min(1);

/**
 * Exactly the fields that K3s writes. Root on a server can store another file, and kubectl runs what `exec` names. [docs: kubeconfig v1]
 */
const schema = z.strictObject({
  apiVersion: z.literal('v1').optional(),
  kind: z.literal('Config').optional(),
  preferences: z.strictObject({}).nullish(),
  clusters: z.tuple([
    z.strictObject({
      name: z.string(),
      cluster: z.strictObject({ server: z.string(), 'certificate-authority-data': pem }),
    }),
  ]),
  users: z.tuple([
    z.strictObject({
      name: z.string(),
      user: z.strictObject({ 'client-certificate-data': pem, 'client-key-data': pem }),
    }),
  ]),
  contexts: z.tuple([
    z.strictObject({ name: z.string(), context: z.strictObject({ cluster: z.string(), user: z.string() }) }),
  ]),
  'current-context': z.string().optional(),
});

/**
 * Takes the parts out of a stored kubeconfig, and nothing else: a writer to the bucket must not be able to run a command on, or redirect,
 * the machine of a user.
 *
 * @throws CliError `failed` that names the forbidden part
 */
export function readStored(text: string, { name, apiAddress, caHash }: Known): Access {
  if (Buffer.byteLength(text) > MAX_BYTES) throw refused(name, `it is larger than ${MAX_BYTES / 1024} KiB`);
  const read = schema.safeParse(parsed(text, name));
  if (!read.success) throw refused(name, read.error.issues.map(issueText).join('; '));
  const [{ cluster }] = read.data.clusters;
  const [{ user }] = read.data.users;
  const server = serverUrl(apiAddress);
  if (cluster.server !== server)
    throw new CliError(
      EXIT.failed,
      `the stored kubeconfig of ${name} is refused: clusters[0].cluster.server is ${JSON.stringify(cluster.server)}, and the API of ${name} is at ${server}`,
      `after a change of addresses Keelson stores it again: try again when \`keelson status ${name}\` shows no operation`,
    );
  const ca = certificates(cluster['certificate-authority-data'], 'certificate-authority-data', name);
  if (caHash !== null && createHash('sha256').update(ca).digest('hex') !== caHash)
    throw refused(name, `its certificate-authority-data is not the CA with which the cluster was created (${caHash})`);
  const clientCertificate = certificates(user['client-certificate-data'], 'client-certificate-data', name);
  const clientKey = decoded(user['client-key-data'], 'client-key-data', name);
  if (!belongTogether(clientCertificate, clientKey))
    throw refused(name, 'client-key-data is not the private key of client-certificate-data');
  return { server, ca: encoded(ca), clientCertificate: encoded(clientCertificate), clientKey: encoded(clientKey) };
}

/** The port is K3s's own: documents cannot change it. [model/k3s/keys.ts] */
export const serverUrl = (host: string): string => `https://${isIPv6(host) ? `[${host}]` : host}:6443`;

function parsed(text: string, name: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw refused(name, 'it is not YAML that K3s writes', error);
  }
}

function issueText(issue: z.core.$ZodIssue): string {
  const at = (keys: readonly PropertyKey[]): string =>
    keys.reduce<string>(
      (path, key) => (typeof key === 'number' ? `${path}[${key}]` : path ? `${path}.${String(key)}` : String(key)),
      '',
    );
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => `${at([...issue.path, key])} is not allowed`).join('; ');
  return `${at(issue.path) || 'it'}: ${issue.message}`;
}

/** Base64 of PEM blocks and nothing else. */
function decoded(base64: string, what: string, name: string): string {
  const text = Buffer.from(base64, 'base64').toString('utf8');
  if (encoded(text) !== base64 || !/^(?:-----BEGIN ([A-Z ]+)-----\n[A-Za-z0-9+/=\n]+-----END \1-----\n?)+$/.test(text))
    throw refused(name, `${what} is not PEM in base64`);
  return text;
}

function certificates(base64: string, what: string, name: string): string {
  const text = decoded(base64, what, name);
  try {
    new X509Certificate(text);
  } catch (error) {
    throw refused(name, `${what} is not a certificate`, error);
  }
  return text;
}

function belongTogether(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

const encoded = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

const refused = (name: string, why: string, cause?: unknown): CliError =>
  new CliError(
    EXIT.failed,
    `the stored kubeconfig of ${name} is refused: ${why}`,
    'Keelson stores only server, CA, client certificate and key: find out who wrote the object clusters/<name>/kubeconfig',
    { cause },
  );
