import { createHash } from 'node:crypto';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { messageOf } from '../../aws/error-code.js';
import { failure } from '../../aws/failure.js';
import { backupKeyOf, backupPrefix } from '../../model/backup/keys.js';
import type { BackupInput, JobResult, Presign } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { runOnNodes } from '../ssm/run-on-nodes.js';

/** Their URLs have to fit into one command, which takes about 60,000 characters. [docs: SSM SendCommand; measured] */
const MOST_PARTS = 24;

/**
 * Sends a snapshot from the node to the bucket in parts: the worker begins and completes the upload, the node sends each part by its own
 * URL. A failed upload is aborted; the next attempt continues one whose worker died.
 *
 * @param size of the snapshot, in bytes
 * @returns how the node's job ended if it failed; null when the snapshot is in the bucket
 * @throws an `invalid` failure `SnapshotTooLarge`
 */
export async function sendParts(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: BackupInput,
  size: number,
): Promise<JobResult | null> {
  const { cluster, uid, id } = input;
  const count = Math.ceil(size / deps.partBytes);
  if (count > MOST_PARTS) throw tooLarge(id, size, deps.partBytes);
  const key = backupKeyOf(cluster, uid, id, 'snapshot');
  const upload = await uploadOf(deps, input, key);
  // The next attempt can continue this upload.
  let mayGoOn = false;
  try {
    const job = await send(deps, attempt, input, { key, upload, size, count });
    const etags = Array.from({ length: count }, (_, index) => job?.result[`part.${index + 1}`] ?? '');
    if (job?.outcome !== 'done' || etags.includes('')) return job ?? null;
    await deps.bucket.uploads.complete(key, upload, etags);
    mayGoOn = true;
    await deps.bucket.remove(noteOf(input));
    return null;
  } catch (error) {
    const isShutdown = error instanceof CancelledFailure && !attempt.wasCancelled();
    mayGoOn = isShutdown || (error instanceof ApplicationFailure && error.nonRetryable !== true);
    throw error;
  } finally {
    if (!mayGoOn) await abort(deps, attempt, input, { key, upload });
  }
}

const noteOf = ({ cluster, uid, id }: BackupInput): string => backupKeyOf(cluster, uid, id, 'upload');

/** Returns the upload of an earlier attempt, or a new one. The bucket notes it, because the heartbeats of a killed worker may be lost. */
async function uploadOf({ bucket }: ActivityDeps, input: BackupInput, key: string): Promise<string> {
  const noted = await bucket.get(noteOf(input));
  if (noted !== null) return noted.text;
  const upload = await bucket.uploads.create(key);
  await bucket.put(noteOf(input), upload);
  return upload;
}

async function send(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: BackupInput,
  { key, upload, size, count }: { key: string; upload: string; size: number; count: number },
): Promise<JobResult | undefined> {
  const part = (number: number): Presign => ({
    method: 'PUT',
    key: key.slice(backupPrefix(input.cluster).length),
    of: 'backups',
    part: { upload, number },
  });
  const names = Array.from({ length: count }, (_, index) => [`PART_${index + 1}`, part(index + 1)] as const);
  // Parts of one upload do not fit another: its job has another id.
  const ref = createHash('sha256').update(upload).digest('hex').slice(0, 8);
  const [job] = await runOnNodes(deps, attempt, {
    ...input,
    instanceIds: [input.instanceId],
    jobId: `${input.jobId}-${ref}`,
    script: 'send-parts',
    params: { BACKUP: input.id, SIZE: String(size), PART_BYTES: String(deps.partBytes), PARTS: String(count) },
    presign: Object.fromEntries(names),
  });
  return job;
}

/** Best effort: the bucket's own rule ends after a day what fails here. */
async function abort(
  { bucket }: ActivityDeps,
  attempt: ActivityContext,
  input: BackupInput,
  { key, upload }: { key: string; upload: string },
): Promise<void> {
  try {
    await bucket.uploads.abort(key, upload);
    await bucket.remove(noteOf(input));
  } catch (error) {
    attempt.log.warn('the upload was not aborted; the rule of the bucket does it after a day', {
      key,
      why: messageOf(error),
    });
  }
}

const tooLarge = (id: string, size: number, partBytes: number) =>
  failure({
    code: 'SnapshotTooLarge',
    class: 'invalid',
    message: `backup ${id} has ${size} bytes, and ${MOST_PARTS} parts of ${partBytes} bytes are the most`,
    hint: 'see what fills etcd, or set KEELSON_BACKUP_PART_BYTES of the worker to more',
  });
