import { accountIdOf } from '../model/account-role.js';
import type { WatchPlace } from '../model/watch/place.js';

/** Returns a text for a query of the visibility store. */
export const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '')}'`;

/** Returns the query for the open clusters of a region in an account; those of the worker's own account name none. */
export function clustersIn(place: WatchPlace): string {
  const account = accountIdOf(place.account);
  return [
    "WorkflowType = 'cluster' AND ExecutionStatus = 'Running'",
    `K3sRegion = ${quoted(place.region)}`,
    account === null ? 'K3sAccount IS NULL' : `K3sAccount = ${quoted(account)}`,
  ].join(' AND ');
}

/**
 * Workflows of a page, where all are listed. Of a thousand in one page Temporal's dev server, which has one connection to its database, answered no one else for half a second.
 * [npm run bench -- thousands]
 */
export const LIST_PAGE = 100;
