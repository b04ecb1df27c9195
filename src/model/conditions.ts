import type { Condition } from './state.js';

export type Verdict = Omit<Condition, 'since'>;

/** The conditions with one set anew; `since` stays while the status does, for it tells how long it has been so. */
export function setCondition(conditions: readonly Condition[], verdict: Verdict, now: string): Condition[] {
  const before = conditions.find((condition) => condition.type === verdict.type);
  const since = before?.status === verdict.status ? before.since : now;
  const next = { ...verdict, since };
  return before === undefined
    ? [...conditions, next]
    : conditions.map((condition) => (condition === before ? next : condition));
}

/** All conditions replaced by verdicts, in their order; those without a verdict go. */
export function setConditions(
  conditions: readonly Condition[],
  verdicts: readonly Verdict[],
  now: string,
): Condition[] {
  const old = new Map(conditions.map((condition) => [condition.type, condition]));
  return verdicts.map((verdict) => {
    const before = old.get(verdict.type);
    return { ...verdict, since: before?.status === verdict.status ? before.since : now };
  });
}
