import { AccountAnswers } from '../aws/account/questions.js';
import { keepLatest } from '../aws/keep-latest.js';
import { createRateLimiter } from '../aws/rate-limiter.js';
import { createReaders } from '../aws/readers.js';
import { type AccountRole, accountKey } from '../model/account-role.js';
import type { CallContext, RegionScope } from './api.js';
import type { ActivityDeps } from './deps.js';

/** Name of the session for all clusters of an account: they share its reads. */
export const WATCH_SUBJECT = 'region-watch';

/** More accounts, with clusters, than a worker serves at a time. */
const MOST_ACCOUNTS = 64;
const MOST_CLUSTERS = 512;

type Choose = (account: AccountRole, cluster: string) => ActivityDeps;
const chosen = new WeakMap<ActivityDeps, Choose>();

/**
 * Returns the clients for an activity of a cluster in another account. It has no others, so it cannot reach the worker's own account by
 * mistake. Calls run in a session of the cluster, shared reads in one of the watch; AWS's limits count for each account. The bucket stays
 * the worker's. [ADR 0047]
 */
export function inAccount(deps: ActivityDeps, { account, cluster }: RegionScope & Partial<CallContext>): ActivityDeps {
  if (account === undefined) return deps;
  const choose = chosen.get(deps) ?? chooser(deps);
  chosen.set(deps, choose);
  return choose(account, cluster ?? WATCH_SUBJECT);
}

function chooser(deps: ActivityDeps): Choose {
  const sharedIn = keepLatest(MOST_ACCOUNTS, accountKey, (account: AccountRole) => ({
    readers: createReaders(deps.clients.assume(account, WATCH_SUBJECT), deps.tick),
    pace: createRateLimiter(),
    answers: new AccountAnswers(),
  }));
  return keepLatest(
    MOST_CLUSTERS,
    (account, cluster) => `${accountKey(account)} ${cluster}`,
    (account, cluster) => ({ ...deps, ...sharedIn(account), clients: deps.clients.assume(account, cluster) }),
  );
}
