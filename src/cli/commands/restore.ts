import { accountOf } from '../account.js';
import { fetchStatus } from '../attendance/fetch-status.js';
import { confirm } from '../confirm.js';
import { CliError, EXIT } from '../exit.js';
import { show, tell } from '../output.js';
import type { Session } from '../session.js';
import { type Restored, restoredText } from '../views/restored.js';
import { listBackups, pickBackup } from './backup.js';
import { request } from './requests.js';
import type { RestoreOptions } from './restore-into.js';

/** `keelson restore NAME`: says what comes back and what is lost, and asks; then sends the request. */
export async function restore(session: Session, name: string, options: RestoreOptions): Promise<void> {
  const { io } = session;
  if (options.into !== undefined)
    return (await import('./restore-into.js')).restoreInto(session, name, options, options.into);
  if (options.file !== undefined || options.region !== undefined)
    throw new CliError(EXIT.invalid, '-f and --region are for a new cluster', `keelson restore ${name} --into NEW`);
  await requireThere(session, name);
  const { status } = await fetchStatus(session, name);
  const all = (await listBackups(session, name)).filter(({ uid }) => uid === status.uid);
  const { id, at, k3s, size, objectCounts } = pickBackup(name, all, options.from);
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
  await request(session, 'restore', name, options, {
    confirm: name,
    from: id,
    ...(options.withVersion && { withVersion: true }),
  });
}

/** A deleted cluster may still have backups: the refusal names the way. */
async function requireThere(session: Session, name: string): Promise<void> {
  try {
    await (await session.clusters()).requireOpen(name);
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.missing) throw error;
    if ((await listBackups(session, name)).length === 0) throw error;
    throw new CliError(
      EXIT.missing,
      `there is no cluster ${name} any more`,
      `its backups are there: keelson restore ${name} --into ${name} makes it again`,
      { cause: error },
    );
  }
}
