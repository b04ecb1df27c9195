import type { BackupManifest } from '../../model/backup/manifest.js';
import { table } from './table.js';
import { age } from './time.js';

/** A backup in a list: without its document and its marker. */
export type ListedBackup = Omit<BackupManifest, 'schemaVersion' | 'cluster' | 'document' | 'generations' | 'marker'>;

export function backupText({ cluster, id, size }: { cluster: string; id: string | null; size: number | null }): string {
  return `${cluster}: backup ${id} is in the bucket (${sizeText(size ?? 0)})`;
}

export function backupsText(cluster: string, backups: readonly ListedBackup[]): string {
  if (backups.length === 0) return `there is no backup of ${cluster}: keelson backup ${cluster} --wait takes one`;
  const rows = backups.map((one) => [
    one.id,
    age(one.at),
    sizeText(one.size),
    one.k3s,
    Object.values(one.objectCounts).reduce((sum, count) => sum + count, 0),
    one.uid.slice(0, 8),
  ]);
  return table(['backup', 'age', 'size', 'k3s', 'objects', 'uid'], rows);
}

const MIB = 1_048_576;

function sizeText(bytes: number): string {
  return bytes < MIB ? `${Math.ceil(bytes / 1_024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}
