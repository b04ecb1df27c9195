import { failure } from '../../aws/failure.js';
import { BACKUP_PARTS, backupKeyOf, backupPrefix, parseBackupKey } from '../../model/backup/keys.js';
import { type BackupManifest, MANIFEST_VERSION, reportOf } from '../../model/backup/manifest.js';
import { abandoned, expired } from '../../model/backup/retention.js';
import type { BackupInput, BackupResult } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import { requireClaim } from '../claim.js';
import type { ActivityDeps } from '../deps.js';
import { runOnNodes } from '../ssm/run-on-nodes.js';
import { sendParts } from './send-parts.js';

/**
 * Takes a backup: the node sends its snapshot and tokens to the bucket; the manifest follows when they are there, and completes the backup.
 * Then retention deletes old backups. It is one activity, so that a scheduled backup costs two actions: its timer, and this.
 *
 * It does not heartbeat the command's id, because each heartbeat is billed. Another attempt finds the command by its Comment, and the node
 * attaches to the job of the same id.
 */
export async function saveBackup(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: BackupInput,
): Promise<BackupResult> {
  await requireClaim(deps, input);
  const { cluster, uid, id, at, marker, instanceId } = input;
  const quiet: ActivityContext = { ...attempt, resumed: undefined, heartbeat: () => undefined };
  const keyOf = (part: (typeof BACKUP_PARTS)[number]): string => backupKeyOf(cluster, uid, id, part);
  const put = (part: (typeof BACKUP_PARTS)[number]) =>
    ({ method: 'PUT', key: keyOf(part).slice(backupPrefix(cluster).length), of: 'backups' }) as const;
  const [job] = await runOnNodes(deps, quiet, {
    ...input,
    instanceIds: [instanceId],
    script: 'backup',
    params: { MARKER: marker, BACKUP: id, PART_BYTES: String(deps.partBytes) },
    presign: { SNAPSHOT_PUT: put('snapshot'), TOKEN_PUT: put('token'), AGENT_TOKEN_PUT: put('agent-token') },
  });
  const key = job?.key === undefined ? {} : { key: job.key };
  if (job?.outcome !== 'done') return { job: job ?? null, saved: null, ...key };
  const report = reportOf(job.result);
  const list = () => deps.bucket.entries(backupPrefix(cluster, uid));
  let entries = await list();
  const isThere = entries.some((one) => one.key === keyOf('snapshot'));
  if (report !== null && report.size > deps.partBytes && !isThere) {
    const failed = await sendParts(deps, quiet, input, report.size);
    if (failed !== null) return { job: failed, saved: null, ...key };
    entries = await list();
  }
  const stored = entries.find(({ key }) => key === keyOf('snapshot'));
  if (report === null || stored?.size !== report.size)
    throw failure({
      code: 'BackupIncomplete',
      class: 'transient',
      message: `backup ${id}: ${report === null ? 'the node has not reported what it sent' : `the node has sent ${report.size} bytes, and the bucket has ${stored?.size ?? 'none'}`}`,
      hint: 'see who else writes below backups/ in the bucket; it is tried again',
      nonRetryable: true,
    });
  const manifest: BackupManifest = {
    schemaVersion: MANIFEST_VERSION,
    ...{ cluster, uid, id, at, marker },
    ...report,
    document: input.document,
    generations: input.generations,
  };
  await deps.bucket.put(keyOf('json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const removed = await removeExpired(deps, input, [...entries.map(({ key }) => key), keyOf('json')]);
  return { job: null, saved: { size: report.size, node: report.node, removed }, ...key };
}

/** @returns ids of the deleted backups */
async function removeExpired(deps: ActivityDeps, input: BackupInput, keys: readonly string[]): Promise<string[]> {
  const parts = keys.flatMap((key) => parseBackupKey(key) ?? []);
  const ids = [...new Set(parts.map(({ id }) => id))];
  const whole = new Set(parts.filter(({ part }) => part === 'json').map(({ id }) => id));
  const gone = [...expired([...whole], input.keep, input.at), ...abandoned(ids, whole, input.at)];
  // The manifest goes first, so that no list shows a half-deleted backup.
  const order = [...BACKUP_PARTS].reverse();
  for (const id of gone)
    for (const part of order.filter((one) => parts.some((there) => there.id === id && there.part === one)))
      await deps.bucket.remove(backupKeyOf(input.cluster, input.uid, id, part));
  return gone;
}
