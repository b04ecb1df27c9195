/** `k3s etcd-snapshot save|ls|delete|prune`: files in server/db/snapshots with the cluster's content. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../contract.js';
import type { Machine } from '../machine/machine.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import { snapshotFolder, writeSnapshot } from './disk.js';
import { logLine } from './exit.js';
import { parseArgs } from './kubectl/args.js';
import { printTable } from './kubectl/columns.js';
import type { RunningServer } from './running-server.js';
import { encodeSnapshot } from './snapshot-file.js';

/** `--etcd-snapshot-retention` by default. [docs: cli/etcd-snapshot] */
const RETENTION = 5;

/** Fault point `k3s.snapshot`, effect `exit`: the save fails with the fault's message, e.g. `no space left on device`. */
export function etcdSnapshot(
  world: World,
  machine: Machine,
  server: RunningServer | undefined,
  args: string[],
): CommandReply {
  const { verb, words, flags } = parseArgs(args);
  const dir = snapshotFolder(machine);
  if (verb === 'ls' || verb === 'list') return list(dir);
  if (verb === 'delete') {
    for (const name of words) rmSync(join(dir, name), { force: true });
    return reply(0);
  }
  const prefix = flags.get('name') ?? 'on-demand';
  if (verb === 'prune') {
    const retention = flags.get('snapshot-retention') ?? flags.get('etcd-snapshot-retention');
    prune(dir, prefix, retention === undefined ? RETENTION : Number(retention));
    return reply(0);
  }
  if (verb !== 'save' && verb !== '') return fatal(`No help topic for '${verb}'`);
  if (!server?.answers || !server.membership) return fatal('Error: see server log for details: etcd is not available');
  const { cluster, member } = server.membership;
  if (member.learner)
    return fatal('Error: see server log for details: unable to take snapshot: not supported for learner');
  const fault = world.fault('k3s.snapshot', { instanceId: machine.id });
  if (fault?.effect === 'exit')
    return fatal(`Error: see server log for details: ${fault.error?.message ?? 'by fault'}`);
  const name = `${prefix}-${member.nodeName}-${Math.floor(Date.now() / 1000)}`;
  writeSnapshot(machine, name, encodeSnapshot(cluster.content(server.version)));
  world.note('etcd-snapshot', { instanceId: machine.id, name });
  return reply(0, '', `${logLine('info', `Snapshot ${name} saved.`)}\n`);
}

const fatal = (message: string): CommandReply => reply(1, '', `${logLine('fatal', message)}\n`);

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    // No snapshot has been taken yet.
    return [];
  }
}

/** The newest stay; K3s names them by their time. */
function prune(dir: string, prefix: string, keep: number): void {
  const mine = namesIn(dir).filter((name) => name.startsWith(`${prefix}-`));
  for (const name of mine.slice(0, Math.max(0, mine.length - keep))) rmSync(join(dir, name), { force: true });
}

function list(dir: string): CommandReply {
  const rows = namesIn(dir).map((name) => {
    const { size, mtime } = statSync(join(dir, name));
    return [name, `file://${join(dir, name)}`, String(size), mtime.toISOString()];
  });
  return reply(0, printTable([['Name', 'Location', 'Size', 'Created'], ...rows]));
}
