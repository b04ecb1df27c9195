/** K3s's files on a node's disk. The etcd data is a mark that names the member; moved away with `server/db`, it is gone. */
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Machine } from '../machine/machine.js';
import type { ClusterCa, KeyPair } from './ca.js';
import type { Loaded } from './secrets.js';
import { secureToken } from './token.js';

export const DATA = '/var/lib/rancher/k3s';
const MEMBER = `${DATA}/server/db/etcd/member/keelson-region.json`;
/** Written at every start of a server, and of an agent: as old as the certificates beside them. */
export const SERVER_CA = `${DATA}/server/tls/server-ca.crt`;
export const AGENT_CA = `${DATA}/agent/server-ca.crt`;
const ADMIN = [`${DATA}/server/tls/client-admin.crt`, `${DATA}/server/tls/client-admin.key`] as const;
const KUBELET = [`${DATA}/agent/client-kubelet.crt`, `${DATA}/agent/serving-kubelet.crt`] as const;
/** K3s applies the files there. */
export const MANIFESTS = `${DATA}/server/manifests`;
const DATABASE = `${DATA}/server/db/etcd/member/snap/db`;

export interface MemberMark {
  clusterId: string;
  memberId: string;
}

/** Returns the member whose data lies on this disk, or null. */
export function readMember(machine: Machine): MemberMark | null {
  try {
    const value: unknown = JSON.parse(readFileSync(machine.path(MEMBER), 'utf8'));
    return typeof value === 'object' && value !== null && 'clusterId' in value && 'memberId' in value
      ? { clusterId: String(value.clusterId), memberId: String(value.memberId) }
      : null;
  } catch {
    return null;
  }
}

export function writeMember(machine: Machine, mark: MemberMark, memberName: string): void {
  write(machine, MEMBER, `${JSON.stringify(mark)}\n`);
  write(machine, `${DATA}/server/db/etcd/name`, memberName);
}

const ETCD_CLIENT = ['server-ca.crt', 'client.crt', 'client.key'];

/** Stands for the certificates with which a server asks etcd, there before its own etcd starts. [k3s source: pkg/daemons/control/deps] */
export function writeEtcdClient(machine: Machine): void {
  for (const file of ETCD_CLIENT) write(machine, `${DATA}/server/tls/etcd/${file}`, 'of etcd\n');
}

/** Used part of etcd's database. Assumption: a young cluster with few objects. */
const YOUNG_MIB = 20;

/** Returns the size of etcd's database file after a defragmentation. */
export const usedMiB = ({ troubles }: Machine): number => troubles.databaseUsedMiB ?? YOUNG_MIB;

/** Sets the size of etcd's database file, which is sparse and takes no space. */
export function sizeDatabase(machine: Machine, mib: number): void {
  if (!existsSync(machine.path(DATABASE))) write(machine, DATABASE, '');
  truncateSync(machine.path(DATABASE), mib * 1024 * 1024);
}

/** Both tokens in their secure form, for those who join. */
export function writeTokens(machine: Machine, { ca, serverPassword, agentPassword }: Loaded): void {
  const own = agentPassword === serverPassword;
  const agentToken = secureToken(ca.hash, own ? 'server' : 'node', agentPassword);
  write(machine, `${DATA}/server/token`, `${secureToken(ca.hash, 'server', serverPassword)}\n`);
  write(machine, `${DATA}/server/agent-token`, `${agentToken}\n`);
  link(machine, 'agent-token', `${DATA}/server/node-token`);
}

/** Tokens, CA, certificates and admin kubeconfig of every running server. */
export function writeServerFiles(machine: Machine, loaded: Loaded): void {
  const { ca } = loaded;
  writeTokens(machine, loaded);
  forgetOtherAdmin(machine, ca);
  for (const [name, { cert, key }] of Object.entries(ca.files)) {
    write(machine, `${DATA}/server/tls/${name}-ca.crt`, cert, 0o644);
    write(machine, `${DATA}/server/tls/${name}-ca.key`, key);
  }
  write(machine, `${DATA}/server/tls/service.key`, ca.serviceKey);
  write(machine, '/etc/rancher/k3s/k3s.yaml', kubeconfig(ca, adminOf(machine, ca)));
  writeKubeletFiles(machine);
}

/** Returns the server's own certificates: made if missing, as at the first start and after `k3s certificate rotate`. */
function adminOf(machine: Machine, ca: ClusterCa): KeyPair {
  const [certFile, keyFile] = ADMIN.map((file) => machine.path(file));
  if (certFile === undefined || keyFile === undefined || !existsSync(certFile)) {
    const pair = ca.issueAdmin();
    write(machine, ADMIN[0], pair.cert);
    write(machine, ADMIN[1], pair.key);
    return pair;
  }
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

/** Certificates of another CA are made again. [k3s source: pkg/daemons/control/deps] */
function forgetOtherAdmin(machine: Machine, ca: ClusterCa): void {
  const file = machine.path(`${DATA}/server/tls/client-ca.crt`);
  if (existsSync(file) && readFileSync(file, 'utf8') !== ca.clientCa)
    for (const one of ADMIN) rmSync(machine.path(one), { force: true });
}

/** Stands for the kubelet's certificates, with a new text each time. */
function writeKubeletFiles(machine: Machine): void {
  for (const file of KUBELET)
    if (!existsSync(machine.path(file))) write(machine, file, `${randomBytes(16).toString('hex')}\n`);
}

/**
 * Files that `k3s certificate rotate` removes: the next start makes them again, with new keys. K3s keeps a copy beside. [k3s source:
 * pkg/cli/cert, rotate]
 */
export function removeCertificates(machine: Machine, role: 'server' | 'agent'): void {
  const copy = `${DATA}/${role}/tls-${Math.floor(Date.now() / 1000)}`;
  for (const file of role === 'server' ? [...ADMIN, ...KUBELET] : KUBELET) {
    if (!existsSync(machine.path(file))) continue;
    write(machine, `${copy}/${basename(file)}`, readFileSync(machine.path(file), 'utf8'));
    rmSync(machine.path(file));
  }
}

/** The CA, as an agent has it once it was let in. */
export function writeAgentFiles(machine: Machine, { ca }: Loaded): void {
  write(machine, AGENT_CA, ca.serverCa, 0o644);
  writeKubeletFiles(machine);
}

/** This node's password: made once a disk. A node of a known name must show the same. [docs: architecture] */
export function nodePassword(machine: Machine): string {
  const path = '/etc/rancher/node/password';
  if (!existsSync(machine.path(path))) write(machine, path, `${randomBytes(16).toString('hex')}\n`);
  return readFileSync(machine.path(path), 'utf8').trim();
}

/** A new version on this disk unpacks itself; the current one becomes the previous, and older ones stay. [k3s source: cmd/k3s, extract] */
export function unpackData(machine: Machine, version: string): void {
  const data = machine.path(`${DATA}/data`);
  const folder = join(data, createHash('sha256').update(version).digest('hex'));
  const current = readLink(join(data, 'current'));
  if (current === folder) return;
  mkdirSync(join(folder, 'bin'), { recursive: true });
  if (current !== null) point(join(data, 'previous'), current);
  point(join(data, 'current'), folder);
}

function point(path: string, target: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

function readLink(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Keeps a snapshot of etcd. @returns its path on the node. */
export function writeSnapshot(machine: Machine, name: string, content: string): string {
  const path = `${DATA}/server/db/snapshots/${name}`;
  write(machine, path, content);
  return machine.path(path);
}

/** Without it K3s would refuse another cluster-reset; a usual start removes it. [k3s source: pkg/cluster] */
export const removeResetFlag = (machine: Machine): void =>
  rmSync(machine.path(`${DATA}/server/db/reset-flag`), { force: true });

export const snapshotFolder = (machine: Machine): string => machine.path(`${DATA}/server/db/snapshots`);

function kubeconfig(ca: ClusterCa, admin: KeyPair): string {
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${data(ca.serverCa)}
    server: https://127.0.0.1:6443
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
users:
- name: default
  user:
    client-certificate-data: ${data(admin.cert)}
    client-key-data: ${data(admin.key)}
`;
}

function write(machine: Machine, path: string, text: string, mode = 0o600): void {
  const real = machine.path(path);
  mkdirSync(dirname(real), { recursive: true, mode: 0o700 });
  writeFileSync(real, text, { mode });
}

function link(machine: Machine, target: string, path: string): void {
  rmSync(machine.path(path), { force: true });
  symlinkSync(target, machine.path(path));
}
