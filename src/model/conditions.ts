import type { Condition } from './state.js';

export type Verdict = Omit<Condition, 'since' | 'lastChecked'>;

/**
 * All conditions replaced by verdicts, in their order; those without a verdict go. `since` stays while the status does, for it tells how long
 * it has been so.
 *
 * @param checkedAt when someone looked last
 */
export function setConditions(
  conditions: readonly Condition[],
  verdicts: readonly Verdict[],
  now: string,
  checkedAt: string,
): Condition[] {
  const old = new Map(conditions.map((condition) => [condition.type, condition]));
  return verdicts.map((verdict) => {
    const before = old.get(verdict.type);
    const since = before?.status === verdict.status ? before.since : now;
    return { ...verdict, since, lastChecked: checkedAt > since ? checkedAt : since };
  });
}
