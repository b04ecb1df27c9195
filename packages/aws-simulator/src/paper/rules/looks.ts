/** Scripts that look and change nothing: probe, verify, certificates. */
import { statfsSync } from 'node:fs';
import { etcdPort } from '../../k3s/etcd-port.js';
import { ETC, mebibytes, newestSnapshot, read, SERVER, STARTED_WITH, STATE, sha256 } from '../files.js';
import type { Job } from '../job.js';
import type { PaperNode } from '../node.js';
import { awaitApi, nodeRows, reportNodes } from '../nodes.js';
import { installedVersion, unitOf } from './install.js';
import { reportDifferences } from './labels.js';
import { restartsOf, stateOf } from './service.js';

export async function verify(job: Job): Promise<void> {
  await awaitApi(job, Number(job.param('API_SECONDS') || 20));
  const awaited = job
    .param('AWAIT')
    .split(' ')
    .filter((name) => name !== '');
  const until = Date.now() + Number(job.param('AWAIT_SECONDS')) * 1_000;
  const missing = (): string[] => {
    const there = (nodeRows(job.machine) ?? []).filter(
      ({ member, ready, votes }) =>
        member === null && (ready === 'True' || job.param('WITHOUT_READY') === 'true') && votes !== 'False',
    );
    return awaited.filter((name) => !there.some((row) => row.name === name));
  };
  for (let left = missing(); left.length > 0 && Date.now() < until; left = missing()) await job.wait(left.join(' '));
  reportNodes(job);
  if (job.param('NODE_LABELS') !== '') reportDifferences(job);
}

export async function probe(job: Job): Promise<void> {
  const { machine, role } = job;
  const unit = unitOf(role);
  job.result('service', stateOf(machine, unit));
  job.result('restarts', restartsOf(machine, unit));
  job.result('version', installedVersion(machine) || 'none');
  const altered = alteredFiles(machine);
  if (altered !== null) job.result('altered', altered.join() || 'none');
  job.result('started-with', read(machine, STARTED_WITH));
  job.result('bootstrap-server', /^cluster-init: true/m.test(read(machine, `${ETC}/config.yaml`)));
  if (role === 'server') await probeServer(job);
  if (job.param('DEEP') === 'true') {
    const rows = await certificateRows(job);
    const [own, authorities] = [rows?.own ?? [], rows?.authorities ?? []];
    if (own.length > 0) job.result('cert-earliest', earliest(own));
    if (own.length > 0 && authorities.length > 0) job.result('ca-earliest', earliest(authorities));
  }
  const { percent, freeMiB } = disk(machine);
  job.result('disk-used-percent', percent);
  job.result('disk-free-mib', freeMiB);
  job.result('clock', Math.floor(Date.now() / 1_000) + (reading(machine, 'date') ?? 0));
  job.result('boot', read(machine, '/proc/sys/kernel/random/boot_id').trim() || 'absent');
}

async function probeServer(job: Job): Promise<void> {
  const { machine } = job;
  const { exit, stderr } = await job.run('kubectl', 'get', '--raw', '/readyz?verbose');
  const failing = [...stderr.matchAll(/^\[-\](\S*)/gm)].map(([, name = '']) => name);
  job.result('readyz', exit === 0 ? 'ok' : failing.length > 0 ? 'failed' : 'unknown');
  if (exit !== 0 && failing.length > 0) job.result('failing', failing.join());
  const alarm = alarmOf(machine);
  if (alarm !== null) job.result('etcd-alarm', alarm);
  const metrics = etcdPort(machine.server, 'http://127.0.0.1:2381/metrics').stdout;
  const metric = (name: string): string | undefined => new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1];
  const [leader, used] = [metric('etcd_server_is_leader'), metric('etcd_mvcc_db_total_size_in_use_in_bytes')];
  if (used !== undefined) job.result('db-used-mib', Math.floor(Number(used) / 1024 / 1024));
  if (leader !== undefined) job.result('etcd-leader', leader === '1');
  const size = mebibytes(machine, `${SERVER}/db/etcd/member/snap/db`);
  if (size !== null) job.result('db-mib', size);
  const snapshot = newestSnapshot(machine, '');
  if (snapshot !== '') job.result('snapshot', snapshot);
}

/** `none`, or the alarm that a member has raised; null while etcd does not answer. */
export function alarmOf({ server }: PaperNode): string | null {
  const told = etcdPort(server, 'http://127.0.0.1:2381/health').stdout;
  if (!told.includes('"health":')) return null;
  return /"reason":"ALARM ([^"]*)"/.exec(told)?.[1] ?? 'none';
}

/** Names of files that are not as they were written; null where nothing is known. */
function alteredFiles(machine: PaperNode): string[] | null {
  const sum = read(machine, `${STATE}/config-sum`).trim();
  if (sum === '') return null;
  const altered = sha256(read(machine, `${ETC}/config.yaml`)) === sum ? [] : ['config.yaml'];
  for (const line of read(machine, `${STATE}/files/bundle`).split('\n')) {
    const [kind, , name = '', data = ''] = line.split(' ');
    const path = kind === 'file' ? name : `${SERVER}/manifests/keelson-${name}.yaml`;
    if (kind !== 'file' && kind !== 'manifest') continue;
    if (read(machine, path) !== Buffer.from(data, 'base64').toString('utf8')) altered.push(`${kind}:${name}`);
  }
  return altered;
}

/** What someone has let a program of the node tell: see machine/false-reading.ts. */
function reading(machine: PaperNode, program: 'df' | 'date'): number | null {
  const text = read(machine, `${machine.folder.root}/../bin/${program}.value`).trim();
  return text === '' ? null : Number(text);
}

function disk(machine: PaperNode): { percent: number; freeMiB: number } {
  const { blocks, bfree, bavail, bsize } = statfsSync(machine.folder.root);
  const used = blocks - bfree;
  const percent = Math.ceil((100 * used) / (used + bavail));
  const told = reading(machine, 'df');
  const free = told === null ? bavail : blocks - Math.floor((blocks * told) / 100);
  return { percent: told ?? percent, freeMiB: Math.floor((free * bsize) / 1024 / 1024) };
}

interface Row {
  ends: string;
  isOk: boolean;
}

/** `YYYY-MM-DDTHH:MMZ` for each certificate of a node, and for each that signs others; null where K3s cannot tell. */
async function certificateRows(job: Job): Promise<{ own: Row[]; authorities: Row[] } | null> {
  const { exit, stdout } = await job.run('k3s', 'certificate', 'check', '--output', 'table');
  if (exit !== 0) return null;
  const rows = stdout.split('\n').flatMap((line) => {
    const ends = /[A-Z][a-z]{2} \d\d, \d{4} \d\d:\d\d/.exec(line)?.[0];
    if (ends === undefined) return [];
    const iso = new Date(`${ends} UTC`).toISOString().slice(0, 16);
    return [{ ends: `${iso}Z`, isOk: line.trimEnd().endsWith('OK'), signs: line.includes('CertSign') }];
  });
  return { own: rows.filter(({ signs }) => !signs), authorities: rows.filter(({ signs }) => signs) };
}

const earliest = (rows: readonly Row[]): string => rows.map(({ ends }) => ends).sort()[0] ?? '';

export async function certificates(job: Job): Promise<void> {
  const own = (await certificateRows(job))?.own ?? [];
  if (own.length === 0)
    job.fail(
      'CertificateCheckFailed',
      'k3s certificate check lists no certificate',
      'is K3s installed and was it started once?',
    );
  job.result('checked', own.length);
  job.result('not-ok', own.filter(({ isOk }) => !isOk).length);
  job.result('earliest', earliest(own));
}
