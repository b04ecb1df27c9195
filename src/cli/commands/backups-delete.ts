import { confirm } from '../confirm.js';
import { CliError, EXIT } from '../exit.js';
import { type Format, show, tell } from '../output.js';
import type { Session } from '../session.js';
import { backupsText } from '../views/backups.js';
import { listBackups } from './backup.js';

/**
 * `keelson backups NAME --delete`: deletes the backups of deleted clusters of that name, and keeps those of an existing one. The worker
 * deletes them, because the bucket lets no one else do it.
 */
export async function deleteBackups(
  session: Session,
  name: string,
  { yes, output }: { yes: boolean; output: Format },
): Promise<void> {
  const { io } = session;
  const clusters = await session.clusters();
  const there = await clusters.find(name);
  const listed = (await listBackups(session, name)).filter(({ uid }) => uid !== there?.uid);
  if (listed.length === 0)
    throw new CliError(
      EXIT.refused,
      there === null ? `there is no backup of ${name}` : `all backups of ${name} are of the cluster that is there`,
      there === null ? '' : 'spec.backup.keep decides how many of these stay',
    );
  tell(io, listed, (_, seen) => `deleted for good, with no way back:\n${backupsText(name, seen)}`);
  if (!yes)
    await confirm(io, {
      what: `delete ${listed.length} backup(s) of ${name}`,
      word: name,
      withYes: `keelson backups ${name} --delete --yes`,
    });
  let removed = 0;
  for (const uid of new Set(listed.map((one) => one.uid))) removed += await clusters.deleteBackups(name, uid);
  show(
    io,
    output,
    { schemaVersion: 1, cluster: name, removed },
    (_, seen) => `${seen.removed} backup(s) of ${name} are deleted`,
  );
}
