import type { AwsClients } from '../../aws/clients.js';
import { enabledRegions, findTagged } from '../../aws/tagged.js';
import type { Clusters } from '../clusters/clusters.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import { type Orphan, type Owner, orphansAmong } from '../orphans/judge.js';
import { monthlyCost, type Prices, readPrices } from '../orphans/prices.js';
import { remove } from '../orphans/remove.js';
import { type Format, show } from '../output.js';
import type { Session } from '../session.js';
import { orphansText, type ShownOrphan } from '../views/orphans.js';

export interface OrphansOptions {
  /** All that the account has enabled, if absent. */
  region?: string;
  delete: boolean;
  /** Delete also what belongs to clusters that this Temporal namespace does not know. */
  unknown: boolean;
  /** Seconds between the two looks of a delete. */
  after: number;
  prices?: string;
  output: Format;
}

/**
 * `keelson orphans`: what carries our tags in AWS and has no open workflow behind it. Deleted on demand only, and only what a
 * second look, some seconds later, finds an orphan still: a workflow may just be taking it over.
 */
export async function orphans(session: Session, options: OrphansOptions): Promise<void> {
  const { io } = session;
  const prices = options.prices === undefined ? null : await readPrices(io, options.prices);
  const [clusters, aws] = [await session.clusters(), await session.aws()];
  const regions = options.region === undefined ? await enabledRegions(aws) : [options.region];
  const first = await look(clusters, aws, regions);
  if (!options.delete || first.length === 0) return print(session, options, shown(first, prices));
  say(io, `${first.length} orphan(s); looking again in ${options.after} s before anything is deleted`);
  await pause(options.after * 1_000, io.signal);
  const ids = new Set(first.map((one) => one.id));
  const second = (await look(clusters, aws, regions)).filter((one) => ids.has(one.id));
  const doomed = second.filter((one) => one.known || options.unknown);
  const failures = await remove(aws, doomed, io.signal);
  const results = shown(second, prices).map((one): ShownOrphan => {
    if (!doomed.some(({ id }) => id === one.id)) return { ...one, outcome: 'refused' };
    const message = failures.get(one.id);
    return message === undefined ? { ...one, outcome: 'deleted' } : { ...one, outcome: 'failed', message };
  });
  print(session, options, results);
  if (failures.size > 0) throw new CliError(EXIT.failed, `${failures.size} orphan(s) could not be deleted`);
  if (doomed.length < second.length) throw refused(second.filter((one) => !doomed.includes(one)));
}

async function look(clusters: Clusters, aws: AwsClients, regions: readonly string[]): Promise<Orphan[]> {
  const tagged = (await Promise.all(regions.map((region) => findTagged(aws, region)))).flat();
  const names = [...new Set(tagged.map((one) => one.cluster))];
  const owners = await Promise.all(
    names.map(async (name): Promise<[string, Owner]> => [name, await clusters.owner(name)]),
  );
  return orphansAmong(tagged, new Map(owners));
}

const shown = (orphans: Orphan[], prices: Prices | null): ShownOrphan[] =>
  orphans.map((one) => ({ ...one, monthly: prices === null ? null : monthlyCost(one, prices) }));

function print({ io }: Session, { output, prices }: OrphansOptions, orphans: ShownOrphan[]): void {
  show(io, output, orphans, (_, seen) => orphansText(seen, prices !== undefined));
}

function refused(left: Orphan[]): CliError {
  const names = [...new Set(left.map((one) => one.cluster))].join(', ');
  return new CliError(
    EXIT.refused,
    `not deleted: this Temporal namespace knows no cluster ${names}; it may be another namespace that looks after it`,
    'check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE; --unknown deletes these too',
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const end = (): void => {
      clearTimeout(timer);
      reject(new CliError(EXIT.failed, 'interrupted: nothing was deleted'));
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}
