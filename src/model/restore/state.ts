import type { BackupManifest } from '../backup/manifest.js';

/** The backup that is restored: what is known of it without its document. */
export type RestoredBackup = Pick<
  BackupManifest,
  'uid' | 'id' | 'at' | 'k3s' | 'sha256' | 'size' | 'compression' | 'marker'
>;

/** A restore that was asked for and is not done. */
export interface RestoreState {
  /** Names its folder on the server: no other restore of this life has it. */
  ref: string;
  /** Backup that was asked for; null for the newest. */
  from: string | null;
  /** Set once it was rehearsed: this backup, and no other, is what the cluster gets. */
  backup: RestoredBackup | null;
  /** Where it was rehearsed, and its file lies: slot and instance. */
  rehearsedOn: { slot: string; instanceId: string } | null;
}
