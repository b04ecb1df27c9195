import type { Bucket } from '../../aws/bucket.js';
import { readInstallationId } from '../../aws/installation.js';
import { findTagged } from '../../aws/tagged.js';
import { accountOf } from '../account.js';
import type { Clusters } from '../clusters/clusters.js';
import { readOwner } from '../clusters/owner.js';
import { confirm, type Question } from '../confirm.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import { accountsToSearch, clientsOf, type SearchedAccount } from '../orphans/accounts.js';
import { type Judge, type NameOwner, type Orphan, orphansAmong } from '../orphans/judge.js';
import { monthlyCost, type Prices, readPrices } from '../orphans/prices.js';
import { remove } from '../orphans/remove.js';
import { type Format, show, tell } from '../output.js';
import type { Session } from '../session.js';
import { orphansText, type ShownOrphan } from '../views/orphans.js';

export interface OrphansOptions {
  /** All enabled regions of the account, if absent. */
  region?: string;
  delete: boolean;
  /** Search the account of this role alone. */
  roleArn?: string;
  /** External id that the role's trust policy requires. */
  externalId?: string;
  /** Id of another installation; this one by default. */
  installation?: string;
  /** The confirmation, given beforehand. */
  yes: boolean;
  /** Only show what a delete would remove. */
  dryRun: boolean;
  /** Delete also resources without proof of this installation, namespace and name. */
  unknown: boolean;
  /** Seconds between the two checks of a delete. */
  after: number;
  prices?: string;
  output: Format;
}

/**
 * `keelson orphans`: lists what carries Keelson's tags in AWS and has no open workflow. It deletes on demand only, and only what a second
 * check, some seconds later, still finds to be an orphan, because a workflow may just be taking it over.
 */
export async function orphans(session: Session, options: OrphansOptions): Promise<void> {
  const { io } = session;
  const prices = options.prices === undefined ? null : await readPrices(io, options.prices);
  const clusters = await session.clusters();
  const [bucket, namespaceId] = [await session.bucket(), await clusters.namespaceId()];
  const judge = { installation: await installationIn(session, bucket), namespaceId };
  const look = (): Promise<Orphan[]> =>
    lookFor({ clusters, accounts, bucket, judge, installation: options.installation ?? judge.installation });
  const accounts = await accountsToSearch(session, clusters, options);
  const first = await look();
  if (!options.delete || first.length === 0) return print(session, options, shown(first, prices));
  const isDoomed = (one: Orphan): boolean => one.known || options.unknown;
  const outcome = (one: Orphan) => (isDoomed(one) ? 'would be deleted' : 'refused');
  if (options.dryRun)
    return print(
      session,
      options,
      shown(first, prices).map((one) => ({ ...one, outcome: outcome(one) })),
    );
  const places = [...new Set(first.filter(isDoomed).map((one) => one.account))];
  const account = (await Promise.all(places.map(async (id) => id ?? (await accountOf(session.aws))))).join(', ');
  tell(
    io,
    shown(first.filter(isDoomed), prices),
    (_, seen) => `delete in account ${account}:\n${orphansText(seen, false)}`,
  );
  if (!options.yes && first.some(isDoomed)) await confirm(io, QUESTION);
  say(io, `${first.length} orphan(s); looking again in ${options.after} s before anything is deleted`);
  await pause(options.after * 1_000, io.signal);
  const ids = new Set(first.map((one) => one.id));
  const second = (await look()).filter((one) => ids.has(one.id));
  const doomed = second.filter(isDoomed);
  const failures = await remove(clientsOf(accounts), doomed, io.signal);
  const results = shown(second, prices).map((one): ShownOrphan => {
    if (!doomed.some(({ id }) => id === one.id)) return { ...one, outcome: 'refused' };
    const message = failures.get(one.id);
    return message === undefined ? { ...one, outcome: 'deleted' } : { ...one, outcome: 'failed', message };
  });
  print(session, options, results);
  if (failures.size > 0) throw new CliError(EXIT.failed, `${failures.size} orphan(s) could not be deleted`);
  if (doomed.length < second.length) throw refused(second.filter((one) => !doomed.includes(one)));
}

const QUESTION: Question = {
  what: 'delete these',
  word: 'yes',
  withYes: 'keelson orphans --delete --yes; --dry-run shows what it deletes',
};

interface Search {
  clusters: Clusters;
  accounts: readonly SearchedAccount[];
  bucket: Bucket;
  judge: Judge;
  /** Installation whose resources it searches for. */
  installation: string;
}

async function lookFor({ clusters, accounts, bucket, judge, installation }: Search): Promise<Orphan[]> {
  const places = accounts.flatMap(({ id, clients, regions }) => regions.map((region) => ({ id, clients, region })));
  const found = places.map(({ id: account, clients, region }) =>
    findTagged(clients, { region, account }, installation),
  );
  const tagged = (await Promise.all(found)).flat();
  const names = [...new Set(tagged.map((one) => one.cluster))];
  const owners = await Promise.all(
    names.map(async (name): Promise<[string, NameOwner]> => {
      const [workflow, record] = await Promise.all([clusters.owner(name), readOwner(bucket, name)]);
      return [name, { workflow, record }];
    }),
  );
  return orphansAmong(tagged, new Map(owners), judge);
}

/** @throws CliError `invalid` if neither the environment nor the bucket names it: then no worker has made anything */
async function installationIn(session: Session, bucket: Bucket): Promise<string> {
  const id = session.installation() ?? (await readInstallationId(bucket));
  if (id !== null) return id;
  throw new CliError(
    EXIT.invalid,
    `no worker has used the bucket ${bucket.name} yet, so it has no installation`,
    'check KEELSON_BUCKET, or set KEELSON_INSTALLATION to the tag keelson:installation of what you look for',
  );
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
    `not deleted: nothing proves that ${names} is of this Temporal namespace and installation; others may look after it`,
    'check TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and KEELSON_BUCKET; --unknown deletes these too',
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const end = (): void => {
      clearTimeout(timer);
      reject(new CliError(EXIT.interrupted, 'interrupted: nothing was deleted'));
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}
