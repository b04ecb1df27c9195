import { toFailure } from '../../aws/failure.js';
import { CHANGES } from '../../aws/rate-limiter.js';
import type { CallContext } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** Changes that follow a first one go before the first ones of other clusters, and what no one waits for goes last. */
const RANKS = { next: 0, first: 1, last: 2 } as const;

/** Makes a call when it is its turn. */
export type ChangeTurns = <T>(which: keyof typeof RANKS, call: () => Promise<T>) => Promise<T>;

/**
 * Changes of security groups take turns: EC2 refuses what is above its limit, chance then decides who is next, and all clusters that are made together come
 * slowly together. In turn, the first has its groups while others wait, and launches. [npm run bench -- thousands]
 */
export function changeTurns(
  deps: ActivityDeps,
  attempt: ActivityContext,
  { region, urgent }: Pick<CallContext, 'region' | 'urgent'>,
): ChangeTurns {
  const key = `${region} changes of groups`;
  return async (which, call) => {
    await Promise.race([deps.pace.turn(key, { rank: RANKS[which], urgent }, CHANGES), attempt.cancelled]);
    if (attempt.signal.aborted) throw attempt.signal.reason;
    try {
      return await call();
    } catch (error) {
      if (toFailure(error, key).type === 'throttled') deps.pace.refused(key);
      throw error;
    }
  };
}
