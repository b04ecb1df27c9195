/** Backups of etcd in the bucket. */
import type { BackupManifest } from '../../model/backup/manifest.js';
import type { Keep } from '../../model/backup/retention.js';
import type { BackupSource, RestoredBackup } from '../../model/restore/state.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { CallContext, RegionScope } from './call.js';
import type { JobResult } from './node-jobs.js';

export interface BackupInput extends CallContext {
  /** Server that saves it. */
  instanceId: string;
  jobId: string;
  timeoutSeconds: number;
  /** See model/backup/keys. */
  id: string;
  /** When it was begun, ISO 8601. */
  at: string;
  /** Written to the cluster before the snapshot. */
  marker: string;
  /** How many other backups stay. */
  keep: Keep;
  /** Generations used so far, by slot. */
  generations: Record<string, number>;
  /** As in RunOnNodesInput. */
  keys?: Record<string, string>;
  document: ClusterDocument;
}

export interface BackupResult {
  /** How the node's job ended, if it failed. */
  job: JobResult | null;
  saved: { size: number; node: string; removed: string[] } | null;
  /** Public key that the node has reported, if the workflow did not know it. */
  key?: string;
}

export interface FindBackupInput extends CallContext {
  /** Id of the backup; null for the newest. */
  id: string | null;
  /** Cluster of the backup; null for the caller's own. */
  source: BackupSource | null;
}

/** A backup that can be restored, with what its manifest counts. */
export type FoundBackup = RestoredBackup & Pick<BackupManifest, 'objectCounts'>;

/** Backups of one deleted cluster. */
export interface RemoveBackupsInput extends RegionScope {
  cluster: string;
  uid: string;
}
