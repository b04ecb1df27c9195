import { failure } from '../../aws/failure.js';
import { BACKUP_PARTS, backupKeyOf, backupPrefix, parseBackupKey } from '../../model/backup/keys.js';
import { BUCKET_KEY, bucketKeyOf } from '../../model/bucket.js';
import { parseOwnerRecord } from '../../model/trust/ownership.js';
import type { RemoveBackupsInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/**
 * Deletes all backups of one deleted cluster.
 *
 * @returns how many there were
 * @throws a `conflict` failure `ClusterThere` while the cluster of that uid exists: retention decides about its backups
 */
export async function removeBackups(
  deps: ActivityDeps,
  _: ActivityContext,
  { cluster, uid }: RemoveBackupsInput,
): Promise<{ removed: number }> {
  const owner = await deps.bucket.get(bucketKeyOf(cluster, BUCKET_KEY.owner));
  if (owner !== null && parseOwnerRecord(owner.text).uid === uid)
    throw failure({
      code: 'ClusterThere',
      class: 'conflict',
      message: `the cluster ${cluster} (uid ${uid}) is there: its backups are not deleted as a whole`,
      hint: 'spec.backup.keep decides how many stay; after a delete of the cluster: keelson backups --delete',
      nonRetryable: true,
    });
  const parts = (await deps.bucket.list(backupPrefix(cluster, uid))).flatMap((key) => parseBackupKey(key) ?? []);
  const ids = [...new Set(parts.map(({ id }) => id))];
  // The manifest goes first, so that no list shows a half-deleted backup.
  for (const id of ids)
    for (const part of [...BACKUP_PARTS].reverse()) await deps.bucket.remove(backupKeyOf(cluster, uid, id, part));
  return { removed: ids.length };
}
