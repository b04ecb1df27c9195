/**
 * `k3s server --cluster-reset --cluster-reset-restore-path=FILE`: makes this server's disk the only member of a cluster with the snapshot's
 * content; with the refusals of K3s. Fault point `k3s.reset`, effect `exit`: it ends with the fault's message; effect `reachable`: as a build that
 * listens on the node's address meanwhile, not on loopback only. [docs: cli/etcd-snapshot; k3s source: pkg/cluster/managed.go, pkg/etcd]
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { World } from '../contract.js';
import type { Machine } from '../machine/machine.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import { ServiceExit } from '../machine/unit.js';
import { binaryVersion } from './binary-version.js';
import { KubeCluster } from './cluster.js';
import { type K3sConfig, optionOf, readConfig } from './config.js';
import { DATA, writeMember } from './disk.js';
import { fatal, logLine } from './exit.js';
import { newMember } from './new-member.js';
import type { K3sPlane } from './plane.js';
import { spansOf } from './service-context.js';
import { decodeSnapshot, type SnapshotContent } from './snapshot-file.js';
import { parseToken } from './token.js';

/** Name of the stand-in in its own messages. */
const VERSION = '--stand-in-version=';
/** Another server's heartbeat names an entry that the restored log does not have. [etcd: raft, commitTo] */
const PANIC = [
  'panic: tocommit(2741) is out of range [lastIndex(3)]. Was the raft log corrupted, truncated, or lost?',
  'go.etcd.io/raft/v3.(*raft).handleHeartbeat(...)',
  'created by go.etcd.io/raft/v3.RestartNode in goroutine 1',
].join('\n');
const PREPARING = 'starting kubernetes: preparing server:';

export async function clusterReset(
  world: World,
  plane: K3sPlane,
  machine: Machine,
  args: string[],
): Promise<CommandReply> {
  const own = args.findLast((arg) => arg.startsWith(VERSION))?.slice(VERSION.length) ?? '';
  try {
    await reset(world, plane, machine, ['k3s', 'server', ...args.filter((arg) => !arg.startsWith(VERSION))], own);
    const done =
      'Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. Backup and delete ${datadir}/server/db on each peer etcd server and rejoin the nodes';
    return reply(0, '', `${logLine('info', done)}\n`);
  } catch (error) {
    if (error instanceof ServiceExit) return reply(1, '', `${error.message}\n`);
    throw error;
  }
}

async function reset(world: World, plane: K3sPlane, machine: Machine, exec: string[], said: string): Promise<void> {
  const own = said || (binaryVersion(machine.path('/usr/local/bin/k3s')) ?? '');
  const config = readConfig(machine, exec, own);
  const data = machine.path(optionOf(exec, 'data-dir') ?? DATA);
  const path = optionOf(exec, 'cluster-reset-restore-path');
  if (optionOf(exec, 'cluster-reset') !== 'true')
    throw fatal('the region runs `k3s server` as a service only, but for --cluster-reset');
  if (path === null) throw fatal('the region knows --cluster-reset with --cluster-reset-restore-path only');
  if (config.server !== null)
    throw fatal(
      `${PREPARING} cannot perform cluster-reset while server URL is set - remove server from configuration before resetting`,
    );
  if (plane.serverOn(machine.id) !== undefined)
    throw fatal(`${PREPARING} start managed database: listen tcp 127.0.0.1:2379: bind: address already in use`);
  const flag = join(data, 'server/db/reset-flag');
  if (existsSync(flag))
    throw fatal(
      `${PREPARING} start managed database: Managed etcd cluster membership was previously reset, please remove the cluster-reset flag and start k3s normally. If you need to perform another cluster reset, you must first manually delete the file at ${flag}`,
    );
  // The simulator has no bucket for it.
  if (config.etcdS3)
    throw fatal(
      `${PREPARING} start managed database: etcd: failed to download ${basename(path)} from S3: The specified key does not exist.`,
    );
  const content = read(machine, path);
  const old = plane.clusters.get(content.cluster);
  if (old === undefined) throw fatal('the snapshot is of a cluster that this region does not know');
  checkToken(config, old, content, data);
  checkVersion(own, content.version);
  const fault = world.fault('k3s.reset', { instanceId: machine.id });
  if (fault?.effect === 'exit') throw fatal(`${PREPARING} ${fault.error?.message ?? 'by fault'}`);
  if (fault?.effect === 'reachable' && config.nodeIp === machine.instance.privateIp && isServedElsewhere(old, machine))
    throw new ServiceExit(PANIC);
  const after = spansOf(world, machine.id, 'deliver', 'download', 'boot', 'restore', 'serviceStop');
  await world.impose({ kind: 'restore', instanceId: machine.id, ms: world.profile.rejoin, after });
  const etcd = join(data, 'server/db/etcd');
  if (existsSync(etcd)) renameSync(etcd, join(data, `server/db/etcd-old-${Math.floor(Date.now() / 1000)}`));
  write(flag, '');
  if (data !== machine.path(DATA)) write(join(etcd, 'member/snap/db'), '');
  else restore(world, plane, machine, config, content, old);
}

function read(machine: Machine, path: string): SnapshotContent {
  const file = machine.path(path);
  if (!existsSync(file))
    throw fatal(`${PREPARING} start managed database: etcd: snapshot path does not exist: ${path}`);
  const content = decodeSnapshot(readFileSync(file, 'utf8'));
  if (content === null)
    throw fatal(`${PREPARING} start managed database: snapshot missing hash but --skip-hash-check=false`);
  return content;
}

/** The shared secrets of a cluster are in etcd, encrypted with its server token. [docs: cli/token] */
function checkToken(config: K3sConfig, { secrets }: KubeCluster, content: SnapshotContent, data: string): void {
  const file = join(data, 'server/token');
  const text = config.token ?? (existsSync(file) ? readFileSync(file, 'utf8') : null);
  if (text === null)
    throw fatal('Error: preparing server: --token is required for cluster reset on a server that has none');
  if (parseToken(text)?.password !== secrets.at(content.secrets)?.serverPassword)
    throw fatal(
      `${PREPARING} failed to bootstrap cluster data: bootstrap data already found and encrypted with different token`,
    );
}

/** An older etcd does not read a newer one's storage. [etcd: downgrade; k3s #8264] */
function checkVersion(own: string, saved: string): void {
  if (minorOf(saved) > minorOf(own))
    throw fatal(
      `${PREPARING} start managed database: etcdserver: the snapshot is of K3s ${saved}, newer than ${own}: cluster cannot be downgraded`,
    );
}

const minorOf = (version: string): number => Number(/^v\d+\.(\d+)/.exec(version)?.[1] ?? 0);

const isServedElsewhere = ({ etcd }: KubeCluster, machine: Machine): boolean =>
  etcd.members.some(({ started, instanceId }) => started && instanceId !== machine.id);

/** A server that still runs keeps the old cluster: then there are two clusters, as with K3s. */
function restore(
  world: World,
  plane: K3sPlane,
  machine: Machine,
  config: K3sConfig,
  content: SnapshotContent,
  old: KubeCluster,
): void {
  const cluster = isServedElsewhere(old, machine)
    ? new KubeCluster(world, { ...old.founding, id: plane.newId() }, old.secrets.copy())
    : old;
  plane.clusters.set(cluster.founding.id, cluster);
  const member = newMember(plane, machine, config, {
    learner: false,
    started: false,
    since: Date.now(),
    loop: { startedAt: Date.now(), span: null },
  });
  cluster.restore(content, member);
  writeMember(machine, { clusterId: cluster.founding.id, memberId: member.id }, member.name);
  world.note('cluster-restored', { instanceId: machine.id, cluster: cluster.founding.id, revision: content.revision });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}
