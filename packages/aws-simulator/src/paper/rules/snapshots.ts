/** Snapshots of etcd: on the disk of the node, and as a backup in the bucket. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { etcdPort } from '../../k3s/etcd-port.js';
import { store } from '../bucket.js';
import { ETC, newestSnapshot, read, SERVER, sha256 } from '../files.js';
import type { Job } from '../job.js';
import { awaitApi } from '../nodes.js';
import { installedVersion } from './install.js';

const MARKER = ['keelson-backup', '-n', 'kube-system'];

async function save(job: Job, name: string, keep: string): Promise<string> {
  const { exit, stderr } = await job.run('k3s', 'etcd-snapshot', 'save', '--name', name);
  if (exit !== 0)
    job.fail(
      stderr.includes('no space left') ? 'DiskFull' : 'SnapshotFailed',
      `etcd-snapshot save failed: ${stderr.trim()}`,
      'is there a leader, and space on the disk?',
    );
  await job.run('k3s', 'etcd-snapshot', 'prune', '--name', name, '--snapshot-retention', keep);
  return newestSnapshot(job.machine, name);
}

export async function snapshot(job: Job): Promise<void> {
  const name = job.param('SNAPSHOT_NAME');
  job.result('snapshot', (await save(job, name, '2')) || name);
}

export async function backup(job: Job): Promise<void> {
  const { machine } = job;
  await awaitApi(job, 20);
  await writeMarker(job);
  const revision = (
    await job.run('kubectl', 'get', 'configmap', ...MARKER, '-o', 'go-template={{.metadata.resourceVersion}}')
  ).stdout.trim();
  const name = await save(job, 'keelson-backup', '1');
  const file = gzipSync(readFileSync(machine.path(`${SERVER}/db/snapshots/${name}`)), { level: 1 });
  if (file.length > Number(job.param('PART_BYTES')))
    job.fail('NotOnPaper', 'nodes on paper send no backup in parts', 'use nodes that run scripts');
  await store(job, 'TOKEN_PUT', read(machine, `${SERVER}/token`), 'token');
  await store(job, 'AGENT_TOKEN_PUT', read(machine, `${SERVER}/agent-token`), 'agent-token');
  job.result('sha256', sha256(file));
  await store(job, 'SNAPSHOT_PUT', file, 'snapshot');
  job.result('size', file.length);
  job.result('compression', 'gzip');
  job.result('revision', revision);
  job.result('node', /^node-name: "?([^"\n]*)"?$/m.exec(read(machine, `${ETC}/config.yaml`))?.[1] ?? '');
  job.result('version', installedVersion(machine));
  const metrics = etcdPort(machine.server, 'http://127.0.0.1:2381/metrics').stdout;
  job.result('etcd', /^etcd_server_version\{server_version="([^"]*)"\} 1$/m.exec(metrics)?.[1] ?? '');
  job.result('token-version', sha256(read(machine, `${SERVER}/token`)).slice(0, 12));
  await countObjects(job);
}

async function writeMarker(job: Job): Promise<void> {
  const marker = job.param('MARKER');
  const patch = JSON.stringify({ data: { marker } });
  if ((await job.run('kubectl', 'patch', 'configmap', ...MARKER, '--type', 'merge', '-p', patch)).exit === 0) return;
  if ((await job.run('kubectl', 'create', 'configmap', ...MARKER, `--from-literal=marker=${marker}`)).exit === 0)
    return;
  job.fail(
    'MarkerNotWritten',
    'the ConfigMap kube-system/keelson-backup cannot be written',
    'does the API take writes? see EtcdSpace, and admission webhooks',
  );
}

async function countObjects(job: Job): Promise<void> {
  for (const kind of ['nodes', 'namespaces', 'configmaps', 'secrets', 'pods']) {
    const { exit, stdout } = await job.run('kubectl', 'get', '--raw', `/api/v1/${kind}?limit=1`);
    if (exit !== 0) continue;
    const more = Number(/"remainingItemCount":(\d+)/.exec(stdout)?.[1] ?? 0);
    job.result(`count.${kind}`, stdout.includes('"items":[]') ? 0 : more + 1);
  }
}
