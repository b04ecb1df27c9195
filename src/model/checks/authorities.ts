import type { ConditionResult } from '../conditions.js';
import { daysUntil } from '../health/facts.js';
import type { ClusterState } from '../state.js';

const TYPE = 'AuthoritiesValid';
const YEAR_DAYS = 365;
/**
 * K3s makes its CAs for ten years. Replacing them takes planning: each holder of a kubeconfig or a token needs a new one before the old CA
 * ends. [docs: cli/certificate]
 */
const TOLD_YEARS = 3;
const hintOf = ({ document }: Pick<ClusterState, 'document'>): string =>
  `keelson rotate ${document.metadata.name} ca replaces it while the cluster serves`;

/** Returns when the first of the cluster's CAs ends, as its nodes report; null while none has. */
export function authoritiesEnd(state: Pick<ClusterState, 'slots'>): string | null {
  let first: string | null = null;
  for (const { facts } of Object.values(state.slots)) {
    const end = facts?.authoritiesUntil ?? null;
    if (end !== null && (first === null || end < first)) first = end;
  }
  return first;
}

/** Returns whether the CAs end so soon that people should know. */
export function authoritiesEndSoon(end: string, now: string): boolean {
  return daysUntil(end, now) < TOLD_YEARS * YEAR_DAYS;
}

/**
 * Returns the condition of the CAs that sign the cluster's certificates; a restart renews certificates, not CAs. It reports the end three
 * years ahead, and is False in the last one; a K3s that does not list its CAs says nothing.
 */
export function authorities(state: ClusterState, now: string): ConditionResult[] {
  const end = authoritiesEnd(state);
  if (end === null) return [];
  const days = daysUntil(end, now);
  const message = `the cluster's CA ends on ${end.slice(0, 10)}, in ${days} days`;
  if (!authoritiesEndSoon(end, now)) return [{ type: TYPE, status: 'True', reason: 'Valid', message, hint: '' }];
  return days >= YEAR_DAYS
    ? [{ type: TYPE, status: 'True', reason: 'EndsSoon', message, hint: hintOf(state) }]
    : [{ type: TYPE, status: 'False', reason: days < 0 ? 'Ended' : 'EndsSoon', message, hint: hintOf(state) }];
}
