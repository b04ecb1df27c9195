import type { ClusterState } from '../state.js';

/** What may be wrong with a node. What EC2 itself calls gone or stopped is no finding: that is a fact at once. */
export type FindingKind =
  /** Status checks of EC2. */
  | 'system-check'
  | 'instance-check'
  | 'volume-check'
  | 'agent'
  | 'service'
  | 'version'
  | 'ready'
  | 'voter'
  | 'readyz'
  | 'pressure'
  /** Labels and taints that the document sets. */
  | 'labels'
  /** Manifests on a server; its configuration and the files of the document. */
  | 'manifests'
  | 'config'
  | 'disk'
  | 'clock'
  | 'certificates'
  | 'database'
  /** It does not answer, though SSM calls its agent online. */
  | 'silent'
  /** Alarms of etcd. */
  | 'nospace'
  | 'corrupt';

/** Something that is wrong, or of which it is not sure yet whether it is, or still is. */
export interface Finding {
  /** What was seen last, in words. */
  text: string;
  /** Whether it counts. */
  holds: boolean;
  /** Since when it counts, or, of one that does not, when it was first seen. */
  since: string;
  /** Since when looks say the contrary; null while the last one agreed. */
  doubtedAt: string | null;
  /** It was never measured before: while this does not count, the contrary does not either. */
  first?: true;
}

export type Findings = Record<string, Finding>;

/** Between the two looks that a change takes: a restart that systemd makes is over by then. [unit: RestartSec=5] */
export const APART_MS = 10_000;

export const findingKey = (slot: string, kind: FindingKind): string => `${slot}/${kind}`;

/**
 * Takes over what one look saw of one thing. A change counts when two looks in a row have seen it, at least `APART_MS` apart: what comes and
 * goes changes nothing, in neither direction.
 *
 * @param bad what is wrong, in words; null when it is well
 * @param grace what is wrong is noted and does not come to count yet
 */
export function believe(findings: Findings, key: string, bad: string | null, now: string, grace = false): Findings {
  const { [key]: before, ...rest } = findings;
  if (before === undefined) {
    return bad === null ? findings : { ...findings, [key]: { text: bad, holds: false, since: now, doubtedAt: now } };
  }
  const text = bad ?? before.text;
  if (before.holds === (bad !== null))
    return before.holds ? { ...findings, [key]: { ...before, text, doubtedAt: null } } : rest;
  if (before.doubtedAt === null) return { ...findings, [key]: { ...before, text, doubtedAt: now } };
  if ((grace && !before.holds) || Date.parse(now) - Date.parse(before.doubtedAt) < APART_MS)
    return { ...findings, [key]: { ...before, text } };
  return before.holds ? rest : { ...findings, [key]: { text, holds: true, since: now, doubtedAt: null } };
}

/** The finding, if it counts. */
export function believed(state: Pick<ClusterState, 'findings'>, slot: string, kind: FindingKind): Finding | null {
  const finding = state.findings[findingKey(slot, kind)];
  return finding?.holds === true ? finding : null;
}

/** Whether a second look is due to make sure of something. */
export const isUnsure = ({ findings }: Pick<ClusterState, 'findings'>): boolean =>
  Object.values(findings).some((one) => one.doubtedAt !== null);

/** Without what is known of a slot: its node has begun again. */
export function forgetFindings(findings: Findings, slot: string): Findings {
  return Object.fromEntries(Object.entries(findings).filter(([key]) => !key.startsWith(`${slot}/`)));
}
