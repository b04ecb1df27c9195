import { keepLatest } from '../aws/keep-latest.js';
import { createPace } from '../aws/pace.js';
import { createReaders } from '../aws/readers.js';
import { type AccountRole, accountKey } from '../model/account-role.js';
import type { RegionScope, Scope } from './api.js';
import type { ActivityDeps } from './deps.js';

/** What acts for all clusters of an account: its reads are shared. */
export const WATCH_SUBJECT = 'region-watch';

/** More accounts, and clusters in them, than a worker serves at a time. */
const MOST_ACCOUNTS = 64;
const MOST_CLUSTERS = 512;

type Choose = (account: AccountRole, cluster: string) => ActivityDeps;
const chosen = new WeakMap<ActivityDeps, Choose>();

/**
 * What an activity of a cluster in another account is given: the clients of that account. An activity cannot reach the worker's own account by
 * mistake, since it has no other clients. Calls are made in a session of the cluster; reads that clusters share, in one of the watch; limits of
 * AWS count for each account. The bucket stays the worker's. [ADR 0047]
 */
export function inAccount(deps: ActivityDeps, { account, cluster }: RegionScope & Partial<Scope>): ActivityDeps {
  if (account === undefined) return deps;
  const choose = chosen.get(deps) ?? chooser(deps);
  chosen.set(deps, choose);
  return choose(account, cluster ?? WATCH_SUBJECT);
}

function chooser(deps: ActivityDeps): Choose {
  const sharedIn = keepLatest(MOST_ACCOUNTS, accountKey, (account: AccountRole) => ({
    readers: createReaders(deps.clients.assume(account, WATCH_SUBJECT), deps.tick),
    pace: createPace(),
  }));
  return keepLatest(
    MOST_CLUSTERS,
    (account, cluster) => `${accountKey(account)} ${cluster}`,
    (account, cluster) => ({ ...deps, ...sharedIn(account), clients: deps.clients.assume(account, cluster) }),
  );
}
