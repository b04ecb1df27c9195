/**
 * Keys of backups in the bucket: `backups/<name>/<uid>/<id>.<part>`. They lie outside of `clusters/<name>/`, which a delete empties: a
 * backup has to outlive its cluster.
 */

/**
 * The compressed snapshot; both tokens of its time, without which it cannot be restored; and the manifest, stored last. `upload` names the
 * unfinished upload of a snapshot that goes in parts.
 */
export const BACKUP_PARTS = ['upload', 'snapshot', 'token', 'agent-token', 'json'] as const;
export type BackupPart = (typeof BACKUP_PARTS)[number];

/** @param uid of one cluster of the name; without it, of all */
export const backupPrefix = (cluster: string, uid?: string): string =>
  `backups/${cluster}/${uid === undefined ? '' : `${uid}/`}`;

export const backupKeyOf = (cluster: string, uid: string, id: string, part: BackupPart): string =>
  `${backupPrefix(cluster, uid)}${id}.${part}`;

/** Returns an id such as `2026-03-01T12-30-05Z`: it names a backup by its time, and sorts like its time. */
export const backupIdOf = (at: string): string => `${at.slice(0, 19).replaceAll(':', '-')}Z`;

/** Returns when the backup of that name began, ISO 8601; null for any other text. */
export function timeOfBackup(id: string): string | null {
  const [, date, hour, minute, second] = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z$/.exec(id) ?? [];
  if (date === undefined) return null;
  const time = Date.parse(`${date}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** Returns what a key below `backups/<name>/` belongs to; null for a key that Keelson has not written. */
export function parseBackupKey(key: string): { uid: string; id: string; part: BackupPart } | null {
  const [, uid = '', id = '', name = ''] = /^backups\/[^/]+\/([^/]+)\/([^/.]+)\.([a-z-]+)$/.exec(key) ?? [];
  const part = BACKUP_PARTS.find((one) => one === name);
  return part === undefined || timeOfBackup(id) === null ? null : { uid, id, part };
}
