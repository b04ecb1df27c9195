/** `k3s secrets-encrypt status|rotate-keys`, with the refusals of K3s. [docs: cli/secrets-encrypt; k3s source: pkg/server/handlers/secrets-encrypt.go] */
import { randomBytes } from 'node:crypto';
import type { World } from '../contract.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import { logLine } from './exit.js';
import { parseArgs } from './kubectl/args.js';
import type { K3sPlane } from './plane.js';
import type { RunningServer } from './running-server.js';

const URL = 'https://127.0.0.1:6443/v1-k3s/encrypt/config';

export function secretsEncrypt(
  world: World,
  plane: K3sPlane,
  server: RunningServer | undefined,
  args: string[],
): CommandReply {
  const { verb } = parseArgs(args);
  if (verb !== 'status' && verb !== 'rotate-keys') return fatal(`No help topic for '${verb}'`);
  const cluster = server?.membership?.cluster;
  if (!server?.answers || !server.loaded || !cluster)
    return fatal(`Error: Get "${URL}": dial tcp 127.0.0.1:6443: connect: connection refused`);
  const { encryption } = server.loaded;
  if (encryption === null)
    return verb === 'status'
      ? reply(0, 'Encryption Status: Disabled, no configuration file found\n')
      : fatal(`Error: ${URL}: 400 Bad Request: secrets encryption is not enabled`);
  const hashes = differing(plane.serversOf(cluster));
  if (verb === 'status')
    return reply(
      0,
      [
        'Encryption Status: Enabled',
        `Current Rotation Stage: ${encryption.stage}`,
        `Server Encryption Hashes: ${hashes ?? 'All hashes match'}`,
        '',
        'Active  Key Type  Name',
        '------  --------  ----',
        ` *      AES-CBC   ${encryption.activeKey}`,
        '',
      ].join('\n'),
    );
  // A server with another key could not read the newly encrypted secrets.
  if (hashes !== null) return fatal(`Error: ${URL}: 400 Bad Request: see server logs for details: ${hashes}`);
  // The name contains the time of a key; two of one second are still two keys.
  const activeKey = `aescbckey-${new Date().toISOString().slice(0, 19)}Z-${randomBytes(2).toString('hex')}`;
  const next = { activeKey, stage: 'reencrypt_finished' } as const;
  cluster.secrets.change({ encryption: next });
  server.loaded = { ...server.loaded, encryption: next };
  world.note('encryption-key-rotated', { instanceId: server.machine.id });
  return reply(0, 'keys rotated, reencryption started\n');
}

/** K3s compares a hash on each server's Node: it differs for other keys, or another stage. */
function differing(servers: readonly RunningServer[]): string | null {
  const [first, ...others] = servers.filter(({ loaded }) => loaded !== null);
  const hash = (server: RunningServer | undefined) => JSON.stringify(server?.loaded?.encryption ?? null);
  const other = others.find((one) => hash(one) !== hash(first));
  const name = (server: RunningServer | undefined) => server?.membership?.member.nodeName ?? '?';
  return other === undefined ? null : `hash does not match between ${name(first)} and ${name(other)}`;
}

const fatal = (message: string): CommandReply => reply(1, '', `${logLine('fatal', message)}\n`);
