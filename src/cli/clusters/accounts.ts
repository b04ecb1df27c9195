import type { AwsClients } from '../../aws/clients.js';
import type { AccountRole } from '../../model/account-role.js';
import type { Session } from '../session.js';
import type { Clusters } from './clusters.js';

/**
 * Clients for a cluster's account: the person's own credentials, or the role of the document where it names one. Whether this person may assume it
 * is for the role's trust policy and the person's own policies to say.
 */
export async function clientsFor(session: Session, account: AccountRole | undefined): Promise<AwsClients> {
  const own = await session.aws();
  return account === undefined ? own : own.assume(account, session.io.user);
}

/** The role of a cluster in another account; undefined for one in the worker's own. @param accountId as the status has it */
export const roleOf = async (
  clusters: Clusters,
  cluster: string,
  accountId: string | null | undefined,
): Promise<AccountRole | undefined> =>
  accountId == null ? undefined : (await clusters.document(cluster)).spec.account;

/** A role for each other account that has clusters: that of one of them. Names are listed; one cluster of each account is asked. */
export async function otherAccounts(clusters: Clusters): Promise<AccountRole[]> {
  const named = new Map<string, string>();
  for (const { account, name } of await clusters.list()) if (account !== null) named.set(account, name);
  const roles = await Promise.all([...named].map(([account, name]) => roleOf(clusters, name, account)));
  return roles.flatMap((role) => role ?? []);
}
