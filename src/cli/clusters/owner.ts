import type { Bucket } from '../../aws/bucket.js';
import { BUCKET_KEY, bucketKeyOf } from '../../model/bucket.js';
import { type OwnerRecord, ownedByAnother, parseOwnerRecord } from '../../model/trust/ownership.js';
import { CliError, EXIT } from '../exit.js';

/**
 * Reads the owner of a cluster's name from the bucket.
 *
 * @throws CliError `failed` for an unreadable record
 */
export async function readOwner(bucket: Bucket, cluster: string): Promise<OwnerRecord | null> {
  const key = bucketKeyOf(cluster, BUCKET_KEY.owner);
  const stored = await bucket.get(key);
  if (stored === null) return null;
  try {
    return parseOwnerRecord(stored.text);
  } catch (cause) {
    throw new CliError(
      EXIT.failed,
      `${bucket.name}/${key} is not an owner record`,
      'restore an earlier version of it',
      {
        cause,
      },
    );
  }
}

/**
 * Refuses a name that another Temporal namespace owns before anything is stored: the document in the bucket is the owner's. The workflow
 * checks again, and decides.
 *
 * @param adopt uid that the person has named with `--adopt`, or undefined
 * @throws CliError `refused` that names the owner
 */
export async function refuseOtherOwner(
  bucket: Bucket,
  cluster: string,
  namespaceId: string,
  adopt: string | undefined,
): Promise<void> {
  const record = await readOwner(bucket, cluster);
  if (record === null || record.namespaceId === namespaceId || record.uid === adopt) return;
  const { message, hint } = ownedByAnother(cluster, record);
  throw new CliError(EXIT.refused, message, hint);
}
