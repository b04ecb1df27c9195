import type { ListedBackup } from './backups.js';
import { age } from './time.js';

/** What a restore brings back, and what it takes. */
export interface Restored {
  cluster: string;
  account: string;
  region: string;
  backup: Pick<ListedBackup, 'id' | 'at' | 'k3s' | 'size' | 'objectCounts'>;
  servers: { name: string; instanceId: string | null }[];
}

export function restoredText({ cluster, account, region, backup, servers }: Restored): string {
  const counts = Object.entries(backup.objectCounts).map(([kind, count]) => `${count} ${kind}`);
  return [
    `restore ${cluster}: region ${region}, account ${account}`,
    `  backup ${backup.id}, ${age(backup.at)} old, of K3s ${backup.k3s}: ${counts.join(', ')}`,
    ...servers.map(({ name, instanceId }) => `  ${name} (${instanceId ?? 'no instance'}) gets it, or joins again`),
    'Everything that was written to the cluster since then is lost, and its API does not answer meanwhile. Volumes of pods stay as they are.',
  ].join('\n');
}
