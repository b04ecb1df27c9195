/** Answers the health probe that the region watch sends to all servers: no output and exit code 0 if K3s is healthy. The counterpart of health-probe.sh. */
import type { Finished } from '../../machine/processes.js';
import { ETC, has } from '../files.js';
import { printed } from '../jobs.js';
import type { PaperNode } from '../node.js';
import { nodeRows } from '../nodes.js';
import { alarmOf } from './looks.js';
import { stateOf } from './service.js';

const UNHEALTHY = 3;

export async function healthProbe(machine: PaperNode): Promise<Finished> {
  if (!has(machine, '/etc/systemd/system/k3s.service') || !has(machine, `${ETC}/config.yaml`)) return printed(0, '');
  const lines = await troublesOf(machine);
  return printed(lines.length === 0 ? 0 : UNHEALTHY, lines.map((line) => `${line}\n`).join(''));
}

async function troublesOf(machine: PaperNode): Promise<string[]> {
  const state = stateOf(machine, 'k3s');
  if (state !== 'active') return [`service=${state}`];
  const { exit, stderr } = await machine.program('kubectl', ['get', '--raw', '/readyz?verbose']);
  const failing = [...stderr.matchAll(/^\[-\](\S*)/gm)].map(([, name = '']) => name);
  if (exit !== 0) return [`readyz=${failing.join() || 'unknown'}`];
  const alarm = alarmOf(machine);
  return [...nodeTroubles(machine), ...(alarm === null || alarm === 'none' ? [] : [`etcd=${alarm}`])];
}

function nodeTroubles(machine: PaperNode): string[] {
  const rows = nodeRows(machine)?.filter(({ member }) => member === null);
  if (rows === undefined) return ['nodes=unlisted'];
  const servers = rows.filter(({ votes }) => votes !== '-').length;
  const voters = rows.filter(({ votes }) => votes === 'True').length;
  const notReady = rows
    .filter(({ ready }) => ready !== 'True')
    .map(({ name }) => name)
    .sort();
  return [
    ...(voters === servers ? [] : [`voters=${voters}/${servers}`]),
    ...(notReady.length === 0 ? [] : [`notready=${notReady.join()}`]),
  ];
}
