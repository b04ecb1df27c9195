import { alike, type KnownErrors } from './known.js';

/** Codes of backups, restores, drills and rotations. */
export const BACKUP_ERRORS: KnownErrors = {
  ...alike('Keelson', 'node-script', 'see what K3s says in the message, and rotate again', ['RotationFailed']),
  ...alike('Keelson', 'node-script', 'raise spec.k3s.version, and rotate again', ['RotationUnsupported']),
  ...alike('Keelson', 'node-script', 'restart K3s on the servers that the message names', ['EncryptionHashesDiffer']),
  ...alike('Keelson', 'node-script', 'check that the disk is neither full nor read-only', [
    'SnapshotFailed',
    'MountsLeft',
  ]),
  ...alike('Keelson', 'node-script', 'check that the API takes writes: see EtcdSpace, and admission webhooks', [
    'MarkerNotWritten',
  ]),
  ...alike('Keelson', 'invalid', 'find out what fills etcd, or set KEELSON_BACKUP_PART_BYTES to more', [
    'SnapshotTooLarge',
  ]),
  ...alike('Keelson', 'node-script', 'take another one: `keelson backup`', ['SnapshotGone', 'UploadGone']),
  ...alike('Keelson', 'transient', 'check who else writes below backups/ in the bucket; take another backup', [
    'BackupIncomplete',
  ]),
  ...alike(
    'Keelson',
    'invalid',
    'take another one (`keelson backup`) and drill again (`keelson drill`); if it comes again, compare by `keelson restore` --into',
    ['BackupLacksObjects'],
  ),
  ...alike('Keelson', 'conflict', 'what the drill has left is removed: `keelson drill` again', [
    'DrillCancelled',
    'DrillLost',
  ]),
  ...alike(
    'Keelson',
    'conflict',
    'restore the backup into another name, or delete what is left first: keelson orphans',
    ['NameInUse'],
  ),
  ...alike('Keelson', 'conflict', 'spec.backup.keep decides how many backups of a cluster that is there stay', [
    'ClusterThere',
  ]),
  ...alike('Keelson', 'invalid', 'restore another backup: `keelson backups` lists them', [
    'BackupNotFound',
    'BackupUnreadable',
    'BackupOfAnother',
  ]),
  ...alike('Keelson', 'invalid', 'restore an older backup, or set spec.k3s.version to at least that of the backup', [
    'SnapshotTooNew',
  ]),
  ...alike('Keelson', 'node-script', 'restore another backup: `keelson backups` lists them', [
    'SnapshotDamaged',
    'SnapshotTokenMismatch',
    'RestoreFailed',
  ]),
  ...alike('Keelson', 'node-script', 'use an image with zstd, or install it on the node', ['ZstdMissing']),
  ...alike(
    'Keelson',
    'node-script',
    'find out who has written to the server while it was restored; the old data is kept beside',
    ['MarkerMismatch'],
  ),
  ...alike('Keelson', 'conflict', 'nothing; Keelson plans it again', ['RestoreNotRehearsed', 'RestoreWithdrawn']),
};
