import type { Condition } from './state.js';

export type ConditionResult = Omit<Condition, 'since' | 'lastProbeTime'>;

/**
 * Replaces all conditions by results, in their order; conditions without a result go. `since` stays while the status does, because it says
 * how long that has lasted.
 *
 * @param checkedAt when the cluster was last observed
 */
export function setConditions(
  conditions: readonly Condition[],
  results: readonly ConditionResult[],
  now: string,
  checkedAt: string,
): Condition[] {
  const old = new Map(conditions.map((condition) => [condition.type, condition]));
  return results.map((result) => {
    const before = old.get(result.type);
    const since = before?.status === result.status ? before.since : now;
    return { ...result, since, lastProbeTime: checkedAt > since ? checkedAt : since };
  });
}
