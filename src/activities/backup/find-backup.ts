import { failure } from '../../aws/failure.js';
import { backupKeyOf, backupPrefix, parseBackupKey } from '../../model/backup/keys.js';
import { parseManifest } from '../../model/backup/manifest.js';
import type { FindBackupInput, FoundBackup } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/**
 * Returns the backup of that id, or the newest, of one cluster: the caller's own or `source`.
 *
 * @throws an `invalid` failure `BackupNotFound`, `BackupUnreadable` or `BackupOfAnother`
 */
export async function findBackup(deps: ActivityDeps, _: ActivityContext, input: FindBackupInput): Promise<FoundBackup> {
  const { cluster, uid } = input.source ?? input;
  const keys = await deps.bucket.list(backupPrefix(cluster, uid));
  const parts = keys.flatMap((key) => parseBackupKey(key) ?? []);
  const ids = parts.filter(({ part }) => part === 'json').map(({ id }) => id);
  const id = input.id ?? ids.sort().at(-1);
  const where = backupPrefix(cluster, uid);
  if (id === undefined || !ids.includes(id))
    throw refused({
      code: 'BackupNotFound',
      message: id === undefined ? `there is no backup below ${where}` : `there is no backup ${id} below ${where}`,
      hint: `keelson backups ${cluster} lists what there is`,
    });
  const stored = await deps.bucket.get(backupKeyOf(cluster, uid, id, 'json'));
  const manifest = stored === null ? null : parseManifest(stored.text);
  const hint = `restore another one: keelson backups ${cluster}`;
  if (manifest === null)
    throw refused({ code: 'BackupUnreadable', message: `the manifest of backup ${id} cannot be read`, hint });
  if (manifest.cluster !== cluster || manifest.uid !== uid || manifest.id !== id)
    throw refused({
      code: 'BackupOfAnother',
      message: `backup ${id} is of ${manifest.cluster}, uid ${manifest.uid}`,
      hint,
    });
  const lacking = (['snapshot', 'token', 'agent-token'] as const).filter(
    (part) => !parts.some((one) => one.id === id && one.part === part),
  );
  if (lacking.length > 0)
    throw refused({
      code: 'BackupIncomplete',
      message: `backup ${id} lacks its ${lacking.join(' and its ')}`,
      hint,
    });
  const { at, k3s, sha256, size, compression, marker, objectCounts } = manifest;
  return { uid, id, at, k3s, sha256, size, compression, marker, objectCounts };
}

const refused = (detail: { code: string; message: string; hint: string }) =>
  failure({ ...detail, class: 'invalid', nonRetryable: true });
