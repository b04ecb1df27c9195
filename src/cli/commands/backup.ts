import { backupKeyOf, backupPrefix, parseBackupKey, timeOfBackup } from '../../model/backup/keys.js';
import { type BackupManifest, parseManifest } from '../../model/backup/manifest.js';
import type { StatusView } from '../../model/status.js';
import { CliError, EXIT } from '../exit.js';
import { type Format, show } from '../output.js';
import type { Session } from '../session.js';
import { backupsText, backupText, type ListedBackup } from '../views/backups.js';
import { type RequestOptions, request } from './requests.js';

/** `keelson backup NAME`: takes a backup now; with --wait until it is in the bucket, or has failed. */
export async function backup(session: Session, name: string, options: RequestOptions): Promise<void> {
  const text = ({ backup }: StatusView): string => backupText({ cluster: name, ...backup });
  await request(session, 'backup', name, { ...options, text });
}

/** `keelson backups NAME`: lists what can be restored, newest first, also for a deleted cluster. Asks the bucket alone. */
export async function backups(session: Session, name: string, output: Format): Promise<void> {
  const listed = await listBackups(session, name);
  show(session.io, output, { schemaVersion: 1, cluster: name, backups: listed }, (_, seen) =>
    backupsText(name, seen.backups),
  );
}

const AT_ONCE = 16;

/** Lists the backups of all clusters of the name, newest first. */
export async function listBackups(session: Session, name: string): Promise<ListedBackup[]> {
  const bucket = await session.bucket();
  const parts = (await bucket.list(backupPrefix(name))).flatMap((key) => parseBackupKey(key) ?? []);
  const ids = parts.filter(({ part }) => part === 'json').sort((a, b) => b.id.localeCompare(a.id));
  const found: ListedBackup[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const batch = ids.slice(from, from + AT_ONCE).map(async ({ uid, id }) => {
      const stored = await bucket.get(backupKeyOf(name, uid, id, 'json'));
      return stored === null ? null : listedOf(parseManifest(stored.text));
    });
    found.push(...(await Promise.all(batch)).filter((one) => one !== null));
  }
  return found;
}

function listedOf(manifest: BackupManifest | null): ListedBackup | null {
  if (manifest === null) return null;
  const { id, uid, at, size, k3s, etcd, node, compression, sha256, revision, tokenVersion, objectCounts } = manifest;
  return { id, uid, at, size, k3s, etcd, node, compression, sha256, revision, tokenVersion, objectCounts };
}

/** @throws CliError `missing` if there is none, `invalid` for anything but a time or a backup */
export function pickBackup(name: string, newestFirst: readonly ListedBackup[], from: string | undefined): ListedBackup {
  const hint = `keelson backups ${name} lists what there is`;
  const [newest] = newestFirst;
  if (newest === undefined) throw new CliError(EXIT.refused, `there is no backup of ${name}`, hint);
  if (from === undefined) return newest;
  const named = timeOfBackup(from);
  const time = named === null ? Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(from) ? from : `${from}Z`) : Date.parse(named);
  if (Number.isNaN(time) || !/^\d{4}-\d\d-\d\dT\d\d/.test(from))
    throw new CliError(
      EXIT.invalid,
      `--from ${from} is neither a time nor a backup`,
      'for example 2026-03-01T12:30, in UTC',
    );
  const found = newestFirst.find((one) => (named === null ? Date.parse(one.at) <= time : one.id === from));
  if (found !== undefined) return found;
  throw new CliError(
    EXIT.refused,
    named === null ? `no backup of ${name} is as old as ${from}` : `there is no backup ${from} of ${name}`,
    hint,
  );
}
