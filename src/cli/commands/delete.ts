import type { StatusView } from '../../model/status.js';
import { accountOf } from '../account.js';
import { fetchStatus } from '../attendance/fetch-status.js';
import { confirm, type Question } from '../confirm.js';
import { CliError, EXIT } from '../exit.js';
import { type Format, show, tell } from '../output.js';
import type { Session } from '../session.js';
import { type Doomed, doomedText } from '../views/doomed.js';
import { request } from './requests.js';

export interface DeleteOptions {
  wait: boolean;
  /** The confirmation, given beforehand. */
  yes: boolean;
  /** Only show what the delete would destroy. */
  dryRun: boolean;
  output: Format;
}

/** `keelson delete NAME`: names what it destroys and asks; then sends the request with the cluster's name as confirmation. */
export async function remove(session: Session, name: string, options: DeleteOptions): Promise<void> {
  const { io } = session;
  const question: Question = {
    what: `delete ${name}`,
    word: name,
    withYes: `keelson delete ${name} --yes; --dry-run shows what it destroys`,
  };
  const status = await statusOf(session, name);
  const doomed: Doomed = {
    cluster: name,
    account: status?.account ?? (await accountOf(session.aws)),
    region: status?.region ?? null,
    nodes:
      status === null
        ? null
        : status.nodes.map((node) => ({
            name: node.name,
            instanceId: node.instanceId,
            instanceType: node.instanceType,
          })),
    kept: [
      ...(status?.dataVolumes ?? []).map(
        ({ id, name: volume, slot }) => `volume ${id} (${volume} of ${slot}, with its data)`,
      ),
      ...(status?.kept ?? []).map(({ kind, id }) => `${kind} ${id}`),
    ],
  };
  if (options.dryRun) return show(io, options.output, doomed, (_, seen) => doomedText(seen));
  tell(io, doomed, (_, seen) => doomedText(seen));
  if (!options.yes) await confirm(io, question);
  await request(session, 'delete', name, options, { confirm: name });
}

/** Returns null when there is no worker and no copy: the request is stored anyway, which a person may want. */
async function statusOf(session: Session, name: string): Promise<StatusView | null> {
  await (await session.clusters()).requireOpen(name);
  try {
    return (await fetchStatus(session, name)).status;
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.unreachable) return null;
    throw error;
  }
}
