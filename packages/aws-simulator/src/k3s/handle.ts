/**
 * What the stand-ins on the instances ask: `POST /_node/<instance>/<program>`, arguments ended by a NUL each. The answer's
 * first line holds the exit code and the number of lines that go to stdout; what follows them goes to stderr.
 */
import type { HttpReply, MachineHost, World } from '../contract.js';
import { foldersOf, type Machines } from '../machine/host.js';
import type { Machine } from '../machine/machine.js';
import { metadata } from '../machine/metadata.js';
import { type CommandReply, journalctl, reply, systemctl } from '../machine/systemctl.js';
import { certificate } from './certificate.js';
import { clusterReset } from './cluster-reset.js';
import { etcdClientPort } from './etcd-client-port.js';
import { etcdPort } from './etcd-port.js';
import { kubectl } from './kubectl/command.js';
import { rotateCa } from './rotate-ca.js';
import { secretsEncrypt } from './secrets-encrypt.js';
import { etcdSnapshot } from './snapshot.js';
import { supervisorPort } from './supervisor-port.js';
import { tokenCommand } from './token-command.js';

/** Mounted by the region's server at `/_node/`. */
export async function handleNodeRequest(
  world: World,
  host: MachineHost,
  method: string,
  path: string,
  body: Buffer,
): Promise<HttpReply> {
  const [, instanceId = '', program = ''] = /^\/_node\/([^/]+)\/([^/?]+)/.exec(path) ?? [];
  const machines = foldersOf(host);
  const machine = machines?.get(instanceId);
  if (method !== 'POST' || machines === null || !machine?.boot) return { status: 404, body: 'no such machine\n' };
  const args = body.toString('utf8').split('\0').slice(0, -1);
  return frame(await runProgram(world, machines, machine, program, args));
}

/** Runs a program of a node as if from its shell. @param program `systemctl`, `journalctl`, `kubectl`, `k3s`, or one of the ports */
export async function runProgram(
  world: World,
  machines: Machines,
  machine: Machine,
  program: string,
  args: string[],
): Promise<CommandReply> {
  if (program === 'systemctl') return systemctl(machine.systemd, args);
  if (program === 'metadata') return metadata(machine, args);
  if (program === 'journalctl') return journalctl(machine.folder.root, args);
  const server = machines.k3s.serverOn(machine.id);
  if (program === 'etcd-port') return etcdPort(server, args[0] ?? '');
  if (program === 'etcd-client-port') return etcdClientPort(machines.k3s, machine, args);
  if (program === 'supervisor-port') return supervisorPort(server, args[0] ?? '', args[1] ?? '');
  const [command = '', ...rest] = program === 'kubectl' ? ['kubectl', ...args] : args;
  switch (command) {
    case 'kubectl':
      return kubectl({ world, plane: machines.k3s, instanceId: machine.id }, server, rest);
    case 'etcd-snapshot':
      return etcdSnapshot(world, machine, server, rest);
    case 'server':
      return clusterReset(world, machines.k3s, machine, rest);
    case 'token':
      return tokenCommand(world, machine, server, rest);
    case 'secrets-encrypt':
      return secretsEncrypt(world, machines.k3s, server, rest);
    case 'certificate':
      return rest[0] === 'rotate-ca' ? rotateCa(world, machine, server, rest) : certificate(machine, rest);
    default:
      return reply(1, '', `No help topic for '${command}'\n`);
  }
}

function frame({ exit, stdout, stderr }: CommandReply): HttpReply {
  const out = stdout === '' || stdout.endsWith('\n') ? stdout : `${stdout}\n`;
  const lines = out === '' ? 0 : out.split('\n').length - 1;
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: `${exit} ${lines}\n${out}${stderr}`,
  };
}
