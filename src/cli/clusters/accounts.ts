import type { AwsClients } from '../../aws/clients.js';
import type { AccountRole } from '../../model/account-role.js';
import type { Session } from '../session.js';
import type { Clusters } from './clusters.js';

/**
 * Clients for a cluster's account: the person's own credentials, or the document's role if it names one. The role's trust policy and the
 * person's policies decide whether this person may assume it.
 */
export async function clientsFor(session: Session, account: AccountRole | undefined): Promise<AwsClients> {
  const own = await session.aws();
  return account === undefined ? own : own.assume(account, session.io.user);
}

/** Returns the role of a cluster in another account; undefined for the worker's own. @param accountId as in the status */
export const roleOf = async (
  clusters: Clusters,
  cluster: string,
  accountId: string | null | undefined,
): Promise<AccountRole | undefined> =>
  accountId == null ? undefined : (await clusters.document(cluster)).spec.account;

/** Returns a role for each other account that has clusters: that of one of them. It lists names, and asks one cluster of each account. */
export async function otherAccounts(clusters: Clusters): Promise<AccountRole[]> {
  const named = new Map<string, string>();
  for (const { account, name } of await clusters.list()) if (account !== null) named.set(account, name);
  const roles = await Promise.all([...named].map(([account, name]) => roleOf(clusters, name, account)));
  return roles.flatMap((role) => role ?? []);
}
