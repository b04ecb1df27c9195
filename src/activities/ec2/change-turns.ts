import { toFailure } from '../../aws/failure.js';
import { CHANGES, CHANGES_OF_A_GROUP } from '../../aws/rate-limiter.js';
import type { CallContext } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { awaitTurn, type PlaceInLine } from './await-turn.js';

/** Changes that follow a first one go before the first ones of other clusters, and what no one waits for goes last. */
const RANKS = { next: 0, first: 1, last: 2 } as const;

/** Changes of a region take turns under this key: EC2 counts all of them together. */
const paceOf = ({ region }: Pick<CallContext, 'region'>): string => `${region} changes`;

/** The line of clusters that are to get their groups. */
export const lineForGroups = (deps: ActivityDeps, input: Pick<CallContext, 'region' | 'urgent'>) =>
  deps.pace.line(paceOf(input), { urgent: input.urgent, rate: CHANGES, turns: CHANGES_OF_A_GROUP });

/** Makes a call when it is its turn. */
export type ChangeTurns = <T>(which: keyof typeof RANKS, call: () => Promise<T>) => Promise<T>;

/**
 * Changes take turns: EC2 refuses what is above its limit, chance then decides who is next, and all clusters that are made together come
 * slowly together. In turn, the first has its groups while others wait, and launches. [npm run bench -- thousands]
 *
 * @param line where the caller has a place, if it has one
 */
export function changeTurns(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: Pick<CallContext, 'region' | 'urgent'>,
  line?: PlaceInLine,
): ChangeTurns {
  const key = paceOf(input);
  const { urgent } = input;
  return async (which, call) => {
    await awaitTurn(deps, attempt, key, { rank: RANKS[which], urgent, ...(line && { line }) }, CHANGES);
    try {
      return await call();
    } catch (error) {
      if (toFailure(error, key).type === 'throttled') deps.pace.refused(key);
      throw error;
    }
  };
}
