import { daysUntil } from '../care/facts.js';
import type { Verdict } from '../conditions.js';
import type { ClusterState } from '../state.js';

const TYPE = 'AuthoritiesValid';
const YEAR_DAYS = 365;
/** K3s makes its CAs for ten years. To replace them takes planning: who holds a kubeconfig or a token needs a new one before the old CA ends. [docs: cli/certificate] */
const TOLD_YEARS = 3;
const hintOf = ({ document }: Pick<ClusterState, 'document'>): string =>
  `keelson rotate ${document.metadata.name} ca replaces it while the cluster serves`;

/** When the first of the cluster's CAs ends, as its nodes tell; null while none has. */
export function authoritiesEnd(state: Pick<ClusterState, 'slots'>): string | null {
  const ends = Object.values(state.slots).flatMap(({ facts }) => facts?.authoritiesUntil ?? []);
  return ends.sort()[0] ?? null;
}

/** Whether the end of the CAs is so near that people should know. */
export function authoritiesEndSoon(end: string, now: string): boolean {
  return daysUntil(end, now) < TOLD_YEARS * YEAR_DAYS;
}

/** The CAs that sign the certificates of the cluster; a restart renews certificates, not these. Told three years ahead, and False in the last; a K3s that does not list them says nothing. */
export function authorities(state: ClusterState, now: string): Verdict[] {
  const end = authoritiesEnd(state);
  if (end === null) return [];
  const days = daysUntil(end, now);
  const message = `the cluster's CA ends on ${end.slice(0, 10)}, in ${days} days`;
  if (!authoritiesEndSoon(end, now)) return [{ type: TYPE, status: 'True', reason: 'Valid', message, advice: '' }];
  return days >= YEAR_DAYS
    ? [{ type: TYPE, status: 'True', reason: 'EndsSoon', message, advice: hintOf(state) }]
    : [{ type: TYPE, status: 'False', reason: days < 0 ? 'Ended' : 'EndsSoon', message, advice: hintOf(state) }];
}
