/** `k3s certificate check --output table`: leaf certificates live 365 days from the first start of the server. [docs: cli/certificate] */
import { statSync } from 'node:fs';
import type { Machine } from '../machine/machine.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import { LEAF_DAYS } from './ca.js';
import { logLine } from './exit.js';
import { printTable } from './kubectl/columns.js';

const CERTIFICATES = ['client-admin.crt', 'serving-kube-apiserver.crt', 'client-kubelet.crt', 'etcd/server-client.crt'];
const DAY_MS = 86_400_000;

export function certificate(machine: Machine, args: string[]): CommandReply {
  if (args[0] !== 'check') return reply(1, '', `${logLine('fatal', `No help topic for '${args[0] ?? ''}'`)}\n`);
  let issued: number;
  try {
    issued = statSync(machine.path('/var/lib/rancher/k3s/server/tls/server-ca.crt')).mtimeMs;
  } catch {
    return reply(1, '', `${logLine('fatal', 'server is not initialized: no certificates found')}\n`);
  }
  const expires = shown(new Date(issued + LEAF_DAYS * DAY_MS));
  const rows = CERTIFICATES.map((name) => [name, 'CN=k3s', 'ServerAuth', expires, '1.0 years', 'OK']);
  return reply(0, printTable([['FILENAME', 'SUBJECT', 'USAGES', 'EXPIRES', 'RESIDUAL TIME', 'STATUS'], ...rows]));
}

/** `Jan 02, 2006 15:04 UTC` */
function shown(date: Date): string {
  const month = date.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
  const [day = '', time = ''] = date.toISOString().slice(8, 16).split('T');
  return `${month} ${day}, ${date.getUTCFullYear()} ${time} UTC`;
}
