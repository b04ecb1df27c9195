/** `k3s certificate rotate-ca --path=<folder>`, with the refusals of K3s. [docs: cli/certificate; k3s source: pkg/server/handlers/cert.go] */
import { createPrivateKey, createPublicKey, type X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../contract.js';
import type { Machine } from '../machine/machine.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import { AUTHORITIES, type ClusterCa, certificatesIn, clusterCaOf, isSelfSigned, type KeyPair } from './ca.js';
import { logLine } from './exit.js';
import { parseArgs } from './kubectl/args.js';
import type { RunningServer } from './running-server.js';

const URL = 'https://127.0.0.1:6443/v1-k3s/cert/cacerts?force=false';

/**
 * The new CA is in the datastore; each server takes it at its start. `--force` is not simulated: it would cut off holders of the old CA.
 */
export async function rotateCa(
  world: World,
  machine: Machine,
  server: RunningServer | undefined,
  args: string[],
): Promise<CommandReply> {
  const { flags } = parseArgs(args);
  const cluster = server?.membership?.cluster;
  if (!server?.answers || !server.loaded || !cluster)
    return fatal(
      'Error: failed to get CA certs: Get "https://127.0.0.1:6443/cacerts": dial tcp: connect: connection refused',
    );
  const path = flags.get('path');
  if (path === undefined) return fatal('Error: --path is required');
  const folder = join(machine.path(path), 'tls');
  const staged = read(folder);
  const problem = typeof staged === 'string' ? staged : problemOf(server.loaded.ca, staged.files, staged.serviceKey);
  if (problem !== null || typeof staged === 'string') {
    machine.systemd.log(
      'k3s.service',
      logLine('error', `certificate-ID: failed to validate new CA certificates and keys: ${problem}`),
    );
    return fatal(`Error: see server log for details: ${URL}: 500 Internal Server Error`);
  }
  cluster.secrets.change({ ca: clusterCaOf(staged.files, staged.serviceKey) });
  world.note('ca-rotated', { instanceId: machine.id });
  return reply(0, 'certificates saved to datastore\n');
}

/** K3s would keep the old CA for a missing file; here all files are required. @returns what is missing */
function read(folder: string): { files: ClusterCa['files']; serviceKey: string } | string {
  const paths = [...AUTHORITIES.flatMap((name) => [`${name}-ca.crt`, `${name}-ca.key`]), 'service.key'];
  const missing = paths.find((path) => !existsSync(join(folder, path)));
  if (missing !== undefined) return `open ${join(folder, missing)}: no such file or directory`;
  const text = (path: string) => readFileSync(join(folder, path), 'utf8');
  const files = Object.fromEntries(
    AUTHORITIES.map((name) => [name, { cert: text(`${name}-ca.crt`), key: text(`${name}-ca.key`) }]),
  );
  return { files: files as ClusterCa['files'], serviceKey: text('service.key') };
}

function problemOf(old: ClusterCa, files: ClusterCa['files'], serviceKey: string): string | null {
  for (const name of AUTHORITIES) {
    const problem = problemOfPair(old.files[name], files[name]);
    if (problem !== null) return `${name}: ${problem}`;
  }
  const keys = keysIn(serviceKey);
  const [current] = keysIn(old.serviceKey);
  return current !== undefined && keys.includes(current)
    ? null
    : 'ServiceKey: old ServiceAccount signing key not in new ServiceAccount key list';
}

function problemOfPair(old: KeyPair, { cert, key }: KeyPair): string | null {
  const certs = certificatesIn(cert);
  const [first] = certs;
  if (first === undefined) return 'no certificates found in bundle';
  if (certs.length === 1)
    return 'new CA bundle contains only a single certificate but should include root or intermediate CA certificates';
  if (!reaches(first, certs.slice(1), certificatesIn(old.cert).filter(isSelfSigned)))
    return 'new CA cert cannot be verified using old CA chain: x509: certificate signed by unknown authority';
  const [own] = keysIn(key);
  if (own !== first.publicKey.export({ type: 'spki', format: 'pem' }))
    return 'new CA cert and key cannot be loaded as X590KeyPair: tls: private key does not match public key';
  return null;
}

/** Returns whether a chain of these goes from the certificate to one of the roots. */
function reaches(cert: X509Certificate, between: X509Certificate[], roots: X509Certificate[]): boolean {
  const signs = (by: X509Certificate): boolean => cert.checkIssued(by) && cert.verify(by.publicKey);
  if (roots.some(signs)) return true;
  return between.some(
    (one) =>
      signs(one) &&
      reaches(
        one,
        between.filter((other) => other !== one),
        roots,
      ),
  );
}

/** Public halves of the private keys of a file, as PEM. */
const keysIn = (pem: string): string[] =>
  (pem.match(/-----BEGIN[^-]*PRIVATE KEY-----[^-]+-----END[^-]*PRIVATE KEY-----/g) ?? []).map((one) =>
    createPublicKey(createPrivateKey(one)).export({ type: 'spki', format: 'pem' }).toString(),
  );

const fatal = (message: string): CommandReply => reply(1, '', `${logLine('fatal', message)}\n`);
