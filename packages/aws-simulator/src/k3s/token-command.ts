/** `k3s token rotate`: another server token. [docs: cli/token; k3s source: pkg/cli/token, pkg/server/handlers/token.go] */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { World } from '../contract.js';
import type { Machine } from '../machine/machine.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import { DATA, writeTokens } from './disk.js';
import { logLine } from './exit.js';
import { parseArgs } from './kubectl/args.js';
import type { RunningServer } from './running-server.js';
import { parseToken } from './token.js';

const SERVER = 'https://127.0.0.1:6443';

/**
 * The server that is asked takes the new token at once and encrypts the datastore's secrets with it; the other servers keep the old one,
 * and cannot start with it any more.
 */
export function tokenCommand(
  world: World,
  machine: Machine,
  server: RunningServer | undefined,
  args: string[],
): CommandReply {
  const { verb, flags } = parseArgs(args);
  if (verb !== 'rotate') return fatal(`No help topic for '${verb}'`);
  const cluster = server?.membership?.cluster;
  if (!server?.answers || !server.loaded || !cluster)
    return fatal(
      `Error: failed to get CA certs: Get "${SERVER}/cacerts": dial tcp 127.0.0.1:6443: connect: connection refused`,
    );
  const file = machine.path(`${DATA}/server/token`);
  const said = flags.get('token') ?? (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const token = parseToken(said);
  if (token === null) return fatal('Error: invalid token format');
  if (token.caHash !== null && token.caHash !== server.loaded.ca.hash)
    return fatal(
      `Error: token CA hash does not match the Cluster CA certificate hash: ${token.caHash} != ${server.loaded.ca.hash}`,
    );
  if (token.password !== server.loaded.serverPassword) return fatal(`Error: ${SERVER}/v1-k3s/token: 401 Unauthorized`);
  if (server.loaded.serverPassword !== cluster.secrets.now.serverPassword)
    return failed(machine, 'bootstrap data already found and encrypted with different token');
  const password = flags.get('new-token') || randomBytes(16).toString('hex');
  cluster.secrets.change({ serverPassword: password });
  server.loaded = { ...server.loaded, serverPassword: password };
  writeTokens(machine, server.loaded);
  world.note('token-rotated', { instanceId: machine.id });
  return reply(0, 'Token rotated, restart k3s nodes with new token\n');
}

/** Only the server's journal has the reason. [k3s source: pkg/util, SendErrorWithID] */
function failed(machine: Machine, reason: string): CommandReply {
  machine.systemd.log('k3s.service', logLine('error', `token-ID: ${reason}`));
  return fatal(`Error: ${SERVER}/v1-k3s/token: 500 Internal Server Error: see server logs for details`);
}

const fatal = (message: string): CommandReply => reply(1, '', `${logLine('fatal', message)}\n`);
