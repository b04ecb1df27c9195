import { timeOfBackup } from '../../model/backup/keys.js';
import { accountOf } from '../account.js';
import { fetchStatus } from '../attendance/fetch-status.js';
import { confirm } from '../confirm.js';
import { CliError, EXIT } from '../exit.js';
import { type Format, show, tell } from '../output.js';
import type { Session } from '../session.js';
import type { ListedBackup } from '../views/backups.js';
import { type Restored, restoredText } from '../views/restored.js';
import { listBackups } from './backup.js';
import { request } from './requests.js';

export interface RestoreOptions {
  wait: boolean;
  /** The second word, said beforehand. */
  yes: boolean;
  dryRun: boolean;
  /** A time, or the name of a backup. */
  from?: string;
  output: Format;
}

/** `keelson restore NAME`: says what is brought back and what is lost, and asks; then tells the workflow. */
export async function restore(session: Session, name: string, options: RestoreOptions): Promise<void> {
  const { io } = session;
  await (await session.clusters()).requireOpen(name);
  const { status } = await fetchStatus(session, name);
  const all = (await listBackups(session, name)).filter(({ uid }) => uid === status.uid);
  const { id, at, k3s, size, objectCounts } = pick(name, all, options.from);
  const account = status.account ?? (await accountOf(session.aws));
  const what: Restored = {
    cluster: name,
    account,
    region: status.region,
    backup: { id, at, k3s, size, objectCounts },
    servers: status.nodes
      .filter(({ role }) => role === 'server')
      .map(({ name: node, instanceId }) => ({ name: node, instanceId })),
  };
  if (options.dryRun) return show(io, options.output, what, (_, seen) => restoredText(seen));
  tell(io, what, (_, seen) => restoredText(seen));
  if (!options.yes)
    await confirm(io, {
      what: `restore ${name}`,
      word: name,
      withYes: `keelson restore ${name} --yes; --dry-run shows what it loses`,
    });
  await request(session, 'restore', name, options, { confirm: name, from: id });
}

/** @throws CliError `missing` where there is none, `invalid` for what is neither a time nor a backup */
function pick(name: string, newestFirst: readonly ListedBackup[], from: string | undefined): ListedBackup {
  const hint = `keelson backups ${name} lists what there is`;
  const [newest] = newestFirst;
  if (newest === undefined) throw new CliError(EXIT.refused, `there is no backup of ${name} as it is now`, hint);
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
