import { timeOfBackup } from '../backup/keys.js';
import type { BackupManifest } from '../backup/manifest.js';

/** The backup to restore, without its document. */
export type RestoredBackup = Pick<
  BackupManifest,
  'uid' | 'id' | 'at' | 'k3s' | 'sha256' | 'size' | 'compression' | 'marker'
>;

/** One cluster of a name, and its backups below `backups/<cluster>/<uid>/`. */
export interface BackupSource {
  cluster: string;
  uid: string;
}

/** A restore under way. */
export interface RestoreState {
  /** Names its folder on the server: no other restore of this cluster has it. */
  ref: string;
  /** Requested backup; null for the newest. */
  from: string | null;
  /** Cluster of the backup; null for this one. */
  source: BackupSource | null;
  /** Set after the rehearsal: the cluster gets this backup, and no other. */
  backup: RestoredBackup | null;
  /** Slot and instance of the rehearsal, where its file lies. */
  rehearsedOn: { slot: string; instanceId: string } | null;
  /** The cluster gets the K3s version of the backup instead of the document's. */
  withVersion: boolean;
  /** Why it failed, if only a restore can continue: without it there is no cluster. Null during a try. */
  failed: { code: string; message: string; hint: string } | null;
}

/** Returns a restore at its beginning. */
export const restoreOf = (
  asked: Pick<RestoreState, 'ref' | 'from'> & Partial<Pick<RestoreState, 'source' | 'withVersion'>>,
): RestoreState => ({ source: null, withVersion: false, ...asked, backup: null, rehearsedOn: null, failed: null });

/** Source of a new cluster: one backup of another cluster, or of an earlier cluster of the name. */
export interface RestoreFrom extends BackupSource {
  /** Null for the newest. */
  id: string | null;
  /** Generations that the other cluster has used, by slot: K3s refuses a node name with another password. [k3s source: nodepassword] */
  generations: Record<string, number>;
}

/** Reads `restoreFrom` of a workflow's input. @returns null for anything else */
export function readRestoreFrom(value: unknown): RestoreFrom | null {
  if (typeof value !== 'object' || value === null) return null;
  const { cluster, uid, id = null, generations = {} } = value as Record<string, unknown>;
  if (typeof cluster !== 'string' || !NAME.test(cluster)) return null;
  if (typeof uid !== 'string' || !UID.test(uid)) return null;
  if (id !== null && (typeof id !== 'string' || timeOfBackup(id) === null)) return null;
  if (typeof generations !== 'object' || generations === null) return null;
  const used = Object.entries(generations).filter(
    (entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && entry[1] > 0,
  );
  return { cluster, uid, id, generations: Object.fromEntries(used) };
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/;
const UID = /^[A-Za-z0-9-]{1,64}$/;
