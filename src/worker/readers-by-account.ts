import { WATCH_SUBJECT } from '../activities/in-account.js';
import type { AwsClients } from '../aws/clients.js';
import { keepLatest } from '../aws/keep-latest.js';
import { createReaders, type Readers } from '../aws/readers.js';
import { TtlCache } from '../aws/ttl-cache.js';
import type { ReadersIn } from '../events/instance-event.js';
import { type AccountRole, accountKey } from '../model/account-role.js';
import type { Places } from '../temporal/workflow-notifier.js';

const MOST_ACCOUNTS = 64;

/**
 * Returns readers of an event's account. An event names an account and no role: an existing cluster does. An account without clusters is
 * the worker's own. It asks Temporal once in some seconds for each account and region.
 */
export function readersByAccount(clients: AwsClients, places: Pick<Places, 'roleIn'>): ReadersIn {
  const roles = new TtlCache();
  const own = createReaders(clients);
  const readersOf = keepLatest(
    MOST_ACCOUNTS,
    accountKey,
    (role: AccountRole): Readers => createReaders(clients.assume(role, WATCH_SUBJECT)),
  );
  return async (account, region) => {
    const role = await roles.ask(`${account} ${region}`, () => places.roleIn(account, region));
    return role === null ? own : readersOf(role);
  };
}
