/**
 * `k3s certificate check --output table`, and the renewal at a start: leaf certificates live 365 days, and K3s makes new ones
 * when it starts with 120 days or less left; until then they are a WARNING. [docs: cli/certificate; k3s source: pkg/cli/cert]
 */
import { existsSync, statSync } from 'node:fs';
import type { Machine } from '../machine/machine.js';
import { type CommandReply, reply } from '../machine/systemctl.js';
import { CA_DAYS, DAY_MS, LEAF_DAYS } from './ca.js';
import { AGENT_CA, DATA, removeCertificates, SERVER_CA } from './disk.js';
import { logLine } from './exit.js';
import { printTable } from './kubectl/columns.js';

const OF_AGENTS = ['client-kubelet.crt', 'serving-kubelet.crt'];
const OF_SERVERS = ['client-admin.crt', 'serving-kube-apiserver.crt', 'etcd/server-client.crt', ...OF_AGENTS];
const RENEW_DAYS = 120;

/** What a start of K3s does to certificates whose end is near. */
export function renewCertificates({ troubles }: Machine): void {
  const end = troubles.certificatesEnd;
  if (end !== null && end - Date.now() <= RENEW_DAYS * DAY_MS) troubles.certificatesEnd = null;
}

export function certificate(machine: Machine, args: string[]): CommandReply {
  if (args[0] === 'rotate') return rotate(machine);
  if (args[0] !== 'check') return reply(1, '', `${logLine('fatal', `No help topic for '${args[0] ?? ''}'`)}\n`);
  const ofServer = writtenAt(machine, SERVER_CA);
  const issued = ofServer ?? writtenAt(machine, AGENT_CA);
  if (issued === null) return reply(1, '', `${logLine('fatal', 'node is not initialized: no certificates found')}\n`);
  const end = machine.troubles.certificatesEnd ?? issued + LEAF_DAYS * DAY_MS;
  const left = (end - Date.now()) / DAY_MS;
  const status = left <= 0 ? 'EXPIRED' : left <= RENEW_DAYS ? 'WARNING' : 'OK';
  const told = [shown(new Date(end)), `${Math.round(Math.abs(left))} days`, status];
  const names = ofServer === null ? OF_AGENTS : OF_SERVERS;
  const caEnd = machine.troubles.authoritiesEnd ?? issued + CA_DAYS * DAY_MS;
  const caLeft = (caEnd - Date.now()) / DAY_MS;
  const ofCa = [shown(new Date(caEnd)), `${Math.round(Math.abs(caLeft))} days`, caLeft <= 0 ? 'EXPIRED' : 'OK'];
  // K3s lists the CA that a file holds behind its own certificate.
  const rows = names.flatMap((name) => [
    [name, 'CN=k3s', 'ServerAuth', ...told],
    [name, 'CN=k3s-ca@1764000000', 'CertSign', ...ofCa],
  ]);
  return reply(0, printTable([['FILENAME', 'SUBJECT', 'USAGES', 'EXPIRES', 'RESIDUAL TIME', 'STATUS'], ...rows]));
}

/**
 * All of the node's own certificates and keys are removed, and the next start makes new ones. K3s does it under a running service as well, which goes on
 * with the old ones; the documented order is stop, rotate, start, and this K3s insists on it. [docs: cli/certificate]
 */
function rotate(machine: Machine): CommandReply {
  const running = ['k3s.service', 'k3s-agent.service'].find(
    (name) => !['inactive', 'failed'].includes(machine.systemd.unit(name)?.state ?? 'inactive'),
  );
  if (running !== undefined) return reply(1, '', `${logLine('fatal', `${running} runs: stop it first`)}\n`);
  const role = existsSync(machine.path(`${DATA}/server`)) ? 'server' : 'agent';
  if (writtenAt(machine, role === 'server' ? SERVER_CA : AGENT_CA) === null)
    return reply(1, '', `${logLine('fatal', 'node is not initialized: no certificates found')}\n`);
  removeCertificates(machine, role);
  machine.troubles.certificatesEnd = null;
  return reply(
    0,
    '',
    `${logLine('info', 'Successfully backed up certificates, please restart k3s server or agent to rotate certificates')}\n`,
  );
}

/** Returns the milliseconds since the epoch; null where there is no such file. */
function writtenAt(machine: Machine, path: string): number | null {
  return statSync(machine.path(path), { throwIfNoEntry: false })?.mtimeMs ?? null;
}

/** `Jan 02, 2006 15:04 UTC` */
function shown(date: Date): string {
  const month = date.toUTCString().slice(8, 11);
  const [day = '', time = ''] = date.toISOString().slice(8, 16).split('T');
  return `${month} ${day}, ${date.getUTCFullYear()} ${time} UTC`;
}
