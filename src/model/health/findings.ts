import type { Finding, FindingKind, Findings } from '../state/node.js';
import type { ClusterState } from '../state.js';

export type { Finding, FindingKind, Findings } from '../state/node.js';

/** Between the two observations that a change takes: a restart that systemd makes is over by then. [unit: RestartSec=5] */
export const APART_MS = 10_000;

export const findingKey = (slot: string, kind: FindingKind): string => `${slot}/${kind}`;

/**
 * Takes over what one observation saw of one thing. A change counts when two observations in a row have seen it, at least `APART_MS` apart: what comes and
 * goes changes nothing, in neither direction.
 *
 * @param bad what is wrong, in words; null when it is well
 * @param grace what is wrong is noted and does not come to count yet
 */
export function applyCheck(findings: Findings, key: string, bad: string | null, now: string, grace = false): Findings {
  const { [key]: before, ...rest } = findings;
  if (before === undefined) {
    return bad === null
      ? findings
      : { ...findings, [key]: { text: bad, confirmed: false, since: now, pendingSince: now } };
  }
  const text = bad ?? before.text;
  if (before.confirmed === (bad !== null))
    return before.confirmed ? { ...findings, [key]: { ...before, text, pendingSince: null } } : rest;
  if (before.pendingSince === null) return { ...findings, [key]: { ...before, text, pendingSince: now } };
  if ((grace && !before.confirmed) || Date.parse(now) - Date.parse(before.pendingSince) < APART_MS)
    return { ...findings, [key]: { ...before, text } };
  return before.confirmed ? rest : { ...findings, [key]: { text, confirmed: true, since: now, pendingSince: null } };
}

/** Returns the finding, if it counts. */
export function confirmedFinding(
  state: Pick<ClusterState, 'findings'>,
  slot: string,
  kind: FindingKind,
): Finding | null {
  const finding = state.findings[findingKey(slot, kind)];
  return finding?.confirmed === true ? finding : null;
}

/** What a start of K3s or of the instance brings about for a while. */
export const STARTING: readonly FindingKind[] = ['agent', 'service', 'ready', 'voter', 'readyz'];

/** What one observation has seen, and no second one has confirmed yet. */
export interface Suspicion {
  /** Slot, or name of a stale node. */
  of: string;
  message: string;
  /** When it was seen, ISO 8601. */
  since: string;
}

/**
 * Returns problems that do not count yet, the oldest first: they change no condition and no health, and a person who asks now learns of them. What a start by
 * Keelson brings about for a while is none.
 */
export function suspicionsIn({
  findings,
  slots,
  checkedAt,
}: Pick<ClusterState, 'findings' | 'slots' | 'checkedAt'>): Suspicion[] {
  return Object.entries(findings)
    .filter(([key, { confirmed }]) => {
      const [slot = '', kind = ''] = key.split('/');
      const graceUntil = slots[slot]?.graceUntil ?? '';
      return !confirmed && !(graceUntil > checkedAt && STARTING.some((one) => one === kind));
    })
    .map(([key, { text, since }]) => {
      const [first = '', second = ''] = key.split('/');
      return { of: first in slots ? first : second, message: text, since };
    })
    .sort((one, other) => one.since.localeCompare(other.since));
}

/** Returns whether a second observation is due to make sure of something. */
export const isUnsure = ({ findings }: Pick<ClusterState, 'findings'>): boolean =>
  Object.values(findings).some((one) => one.pendingSince !== null);

/** Without what is known of a slot: its node has begun again. */
export function forgetFindings(findings: Findings, slot: string): Findings {
  return Object.fromEntries(Object.entries(findings).filter(([key]) => !key.startsWith(`${slot}/`)));
}
