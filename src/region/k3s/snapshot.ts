/** `k3s etcd-snapshot save|ls|delete`: a file in server/db/snapshots that says what it was taken of. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../contract.js';
import type { Machine } from '../machine/machine.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import { snapshotFolder, writeSnapshot } from './disk.js';
import { logLine } from './exit.js';
import { parseArgs } from './kubectl/args.js';
import { printTable } from './kubectl/columns.js';
import type { ServerService } from './server-service.js';

export function etcdSnapshot(
  world: World,
  machine: Machine,
  server: ServerService | undefined,
  args: string[],
): CommandReply {
  const { verb, words, flags } = parseArgs(args);
  const dir = snapshotFolder(machine);
  if (verb === 'ls' || verb === 'list') return list(dir);
  if (verb === 'delete') {
    for (const name of words) rmSync(join(dir, name), { force: true });
    return reply(0);
  }
  if (verb !== 'save' && verb !== '') return reply(1, '', `${logLine('fatal', `No help topic for '${verb}'`)}\n`);
  if (!server?.answers || !server.membership) {
    return reply(1, '', `${logLine('fatal', 'Error: see server log for details: etcd is not available')}\n`);
  }
  const { cluster, member } = server.membership;
  const name = `${flags.get('name') ?? 'on-demand'}-${member.nodeName}-${Math.floor(Date.now() / 1000)}`;
  const content = { cluster: cluster.founding.id, nodes: [...cluster.nodes.keys()], members: cluster.etcd.members };
  writeSnapshot(machine, name, `${JSON.stringify(content)}\n`);
  world.note('etcd-snapshot', { instanceId: machine.id, name });
  return reply(0, '', `${logLine('info', `Snapshot ${name} saved.`)}\n`);
}

function list(dir: string): CommandReply {
  let names: string[] = [];
  try {
    names = readdirSync(dir).sort();
  } catch {
    // No snapshot has been taken yet.
  }
  const rows = names.map((name) => {
    const { size, mtime } = statSync(join(dir, name));
    return [name, `file://${join(dir, name)}`, String(size), mtime.toISOString()];
  });
  return reply(0, printTable([['Name', 'Location', 'Size', 'Created'], ...rows]));
}
