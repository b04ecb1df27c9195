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

/** What a restore into a new cluster makes. */
export interface RestoredInto {
  cluster: string;
  /** Cluster of the backup, and whether it still runs. */
  of: string;
  isOpen: boolean;
  account: string;
  region: string;
  k3s: string;
  nodes: number;
  backup: Restored['backup'];
}

export function restoredIntoText({ cluster, of, isOpen, account, region, k3s, nodes, backup }: RestoredInto): string {
  return [
    `restore ${of} into the new cluster ${cluster}: region ${region}, account ${account}, ${nodes} node(s), K3s ${k3s}`,
    `  ${backupLine(backup)}`,
    ...(isOpen
      ? [
          `${of} goes on as it is. Controllers come with the backup and act for both: external-dns, Argo CD, a cloud controller.`,
        ]
      : []),
  ].join('\n');
}

const backupLine = ({ id, at, k3s, objectCounts }: Restored['backup']): string => {
  const counts = Object.entries(objectCounts).map(([kind, count]) => `${count} ${kind}`);
  return `backup ${id}, ${age(at)} old, of K3s ${k3s}: ${counts.join(', ')}`;
};

export function restoredText({ cluster, account, region, backup, servers }: Restored): string {
  return [
    `restore ${cluster}: region ${region}, account ${account}`,
    `  ${backupLine(backup)}`,
    ...servers.map(({ name, instanceId }) => `  ${name} (${instanceId ?? 'no instance'}) gets it, or joins again`),
    'Everything that was written to the cluster since then is lost, and its API does not answer meanwhile. Volumes of pods stay as they are.',
  ].join('\n');
}
