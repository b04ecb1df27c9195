import { toFailure } from '../../aws/failure.js';
import { CHANGES } from '../../aws/rate-limiter.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** Makes a call when it is its turn. @param which changes that follow a first one go before the first ones of other clusters */
export type ChangeTurns = <T>(which: 'first' | 'next', call: () => Promise<T>) => Promise<T>;

/**
 * Changes of security groups take turns: EC2 refuses what is above its limit, chance then decides who is next, and all clusters that are made together come
 * slowly together. In turn, the first has its groups while others wait, and launches. [npm run bench -- thousands]
 */
export function changeTurns(deps: ActivityDeps, attempt: ActivityContext, region: string): ChangeTurns {
  const key = `${region} changes of groups`;
  return async (which, call) => {
    await Promise.race([deps.pace.turn(key, which === 'next' ? 0 : 1, CHANGES), attempt.cancelled]);
    if (attempt.signal.aborted) throw attempt.signal.reason;
    try {
      return await call();
    } catch (error) {
      if (toFailure(error, key).type === 'throttled') deps.pace.refused(key);
      throw error;
    }
  };
}
