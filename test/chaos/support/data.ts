import { createHash } from 'node:crypto';
import { type BackupPart, backupKeyOf, backupPrefix } from '#src/model/backup/keys.js';
import { type BackupManifest, parseManifest } from '#src/model/backup/manifest.js';
import type { ChaosCell } from './chaos-cell.js';
import type { ChaosCluster } from './cluster.js';

/** ConfigMaps that must be in the cluster after an operation, and one that must not. */
export interface Expected {
  kept: string;
  /** Written after the backup that is restored; null where nothing is restored. */
  gone: string | null;
}

/** Runs `k3s kubectl` on a server; its lines. */
async function kubectl(cluster: ChaosCluster, server: string | null, ...args: string[]): Promise<string[]> {
  const answer = await fetch(`${cluster.cell.region.url}/_node/${server}/kubectl`, {
    method: 'POST',
    body: args.map((arg) => `${arg}\0`).join(''),
  });
  const [head = '', ...lines] = (await answer.text()).split('\n');
  const [code, count] = head.split(' ').map(Number);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} on ${server}: ${lines.join(' ')}`);
  return lines.slice(0, count).filter((line) => line !== '');
}

const serversOf = async (cluster: ChaosCluster): Promise<(string | null)[]> =>
  (await cluster.status()).nodes.filter(({ role }) => role === 'server').map(({ instanceId }) => instanceId);

export async function write(cluster: ChaosCluster, name: string): Promise<void> {
  const [server = null] = await serversOf(cluster);
  await kubectl(cluster, server, 'create', 'configmap', name, '--from-literal=a=b');
}

export async function remove(cluster: ChaosCluster, name: string): Promise<void> {
  const [server = null] = await serversOf(cluster);
  await kubectl(cluster, server, 'delete', 'configmap', name);
}

/**
 * Asks every server: what was written and is not there any more, and what was written after the backup and is there all the same: another backup
 * was restored.
 */
export async function lostIn(cluster: ChaosCluster, { kept, gone }: Expected): Promise<string[]> {
  const lost: string[] = [];
  for (const server of await serversOf(cluster)) {
    const names = await kubectl(cluster, server, 'get', 'configmaps', '-n', 'default', '-o', 'name');
    if (!names.includes(`configmap/${kept}`)) lost.push(`${kept} was written and is not in the cluster (${server})`);
    if (gone !== null && names.includes(`configmap/${gone}`))
      lost.push(`${gone} was written after the backup and is in the cluster (${server})`);
  }
  return lost;
}

/** Backups in the bucket that no restore could use: a part is missing, or the snapshot is not the one of its manifest. Each is told once. */
export function brokenBackups(cell: ChaosCell): string[] {
  const objects = objectsOf(cell);
  return manifestsOf(cell)
    .flatMap(({ cluster, id, uid, sha256 }) => {
      const isThere = (part: BackupPart): boolean => objects.has(backupKeyOf(cluster, uid, id, part));
      const missing = PARTS.filter((part) => !isThere(part)).map((part) => `backup ${id} of ${cluster} has no ${part}`);
      const snapshot = objects.get(backupKeyOf(cluster, uid, id, 'snapshot'));
      if (snapshot === undefined || createHash('sha256').update(snapshot).digest('hex') === sha256) return missing;
      return [...missing, `backup ${id} of ${cluster} has a snapshot that is not its own`];
    })
    .filter((one) => !cell.told.has(one) && cell.told.add(one));
}

const PARTS = ['snapshot', 'token', 'agent-token'] as const;

/** Manifests in the bucket, oldest first: a backup exists once its manifest does. @param cluster of this one alone */
export function manifestsOf(cell: ChaosCell, cluster?: string): BackupManifest[] {
  return [...objectsOf(cell)]
    .filter(
      ([key]) => key.startsWith(cluster === undefined ? 'backups/' : backupPrefix(cluster)) && key.endsWith('.json'),
    )
    .flatMap(([, body]) => parseManifest(body.toString('utf8')) ?? [])
    .sort((one, other) => one.id.localeCompare(other.id));
}

const objectsOf = (cell: ChaosCell): Map<string, Buffer> =>
  new Map(
    cell.region.s3.buckets
      .all()
      .flatMap(({ objects }) => [...objects.values()].map(({ key, body }) => [key, body] as const)),
  );
