import type { AwsClients } from '../../aws/clients.js';
import { messageOf } from '../../aws/error-code.js';
import { enabledRegions } from '../../aws/tagged.js';
import { type AccountRole, accountIdOf, ROLE_ARN } from '../../model/account-role.js';
import { clientsFor, otherAccounts } from '../clusters/accounts.js';
import type { Clusters } from '../clusters/clusters.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import type { Session } from '../session.js';
import type { ClientsOf } from './remove.js';

/** An account to search, with its regions. */
export interface SearchedAccount {
  /** 12 digits; null for the person's own. */
  id: string | null;
  clients: AwsClients;
  regions: string[];
}

export interface WhichAccounts {
  /** All enabled regions of the account, if absent. */
  region?: string;
  roleArn?: string;
  externalId?: string;
}

/**
 * Returns the person's own account and each that has clusters, or that of `--role-arn` alone: nothing remembers an account whose last
 * cluster is gone. An account that cannot be asked is reported and does not hide the others.
 */
export async function accountsToSearch(
  session: Session,
  clusters: Clusters,
  which: WhichAccounts,
): Promise<SearchedAccount[]> {
  const named = roleNamed(which);
  if (named !== null) return [await searched(session, named, which)];
  const own = await searched(session, undefined, which);
  const others = (await otherAccounts(clusters)).map(async (role) => {
    try {
      return [await searched(session, role, which)];
    } catch (error) {
      say(session.io, `note: the account ${accountIdOf(role)} was not searched: ${messageOf(error)}`);
      return [];
    }
  });
  return [own, ...(await Promise.all(others)).flat()];
}

/** @throws Error for an account that was not searched */
export const clientsOf =
  (accounts: readonly SearchedAccount[]): ClientsOf =>
  (account) => {
    const found = accounts.find(({ id }) => id === account);
    if (found === undefined) throw new Error(`the account ${account} was not searched`);
    return found.clients;
  };

async function searched(
  session: Session,
  role: AccountRole | undefined,
  { region }: WhichAccounts,
): Promise<SearchedAccount> {
  const clients = await clientsFor(session, role);
  // Always asked, so that an unreachable account shows before the list.
  const regions = region === undefined || role !== undefined ? await enabledRegions(clients) : [];
  return { id: accountIdOf(role), clients, regions: region === undefined ? regions : [region] };
}

function roleNamed({ roleArn, externalId }: WhichAccounts): AccountRole | null {
  if (roleArn === undefined) return null;
  if (ROLE_ARN.test(roleArn)) return { roleArn, ...(externalId !== undefined && { externalId }) };
  throw new CliError(
    EXIT.invalid,
    `${roleArn} is not the ARN of an IAM role`,
    'such as arn:aws:iam::222222222222:role/keelson/keelson-member',
  );
}
