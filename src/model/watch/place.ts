import { type AccountRole, accountIdOf } from '../account-role.js';

/** Place of one watch: a region of an account. Without a role it is the worker's own account. */
export interface WatchPlace {
  region: string;
  account?: AccountRole;
}

/** Prefix of the id of a watch's workflow; its region follows, and the account if it is not the worker's own. */
export const WATCH_PREFIX = 'region-watch/';

/** Returns `region-watch/eu-west-1` or `region-watch/eu-west-1/222222222222`. @param accountId null for the worker's own */
export const watchId = (region: string, accountId: string | null): string =>
  `${WATCH_PREFIX}${region}${accountId === null ? '' : `/${accountId}`}`;

export const watchIdOf = ({ region, account }: WatchPlace): string => watchId(region, accountIdOf(account));

/** Returns `eu-west-1` or `eu-west-1 of the account 222222222222`, for messages. */
export function placeText({ region, account }: WatchPlace): string {
  const id = accountIdOf(account);
  return id === null ? region : `${region} of the account ${id}`;
}
