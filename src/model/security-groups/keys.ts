import { fingerprint } from '../k3s/fingerprint.js';
import type { ClusterDocument } from '../spec/schema.js';
import { GROUP_ROLES, type GroupRole, groupRulesOf } from './rules.js';

export interface GroupIds {
  server: string;
  /** Null while no document has named a pool. */
  agent: string | null;
}

/** The parts by which EC2 distinguishes rules; the description is not one of them. [docs: EC2 error codes, InvalidPermission.Duplicate] */
export interface RuleParts {
  /** `tcp`, `udp`, `-1` for all, or another one of EC2's. */
  protocol: string;
  /** Null for a protocol without ports. */
  from: number | null;
  to: number | null;
  /** A network, a group or a prefix list. */
  source: string;
}

/** The rule that lets nodes reach SSM, the mirror and registries; EC2 gives it to each new group. [docs: VPC, default outbound rule] */
export const OUT_TO_ALL = 'all to 0.0.0.0/0';

/** Returns a rule in one line, for people and for comparison: the same rule has the same key. `6443/tcp from 203.0.113.0/24` */
export function ruleKey({ protocol, from, to, source }: RuleParts): string {
  if (protocol === '-1') return `all from ${source}`;
  if (protocol === 'icmp' && (from ?? -1) === -1) return `all icmp from ${source}`;
  // Other protocols have no ports, whatever EC2 shows in their place.
  if (from === null || to === null || /^\d+$/.test(protocol)) return `protocol ${protocol} from ${source}`;
  if (protocol !== 'tcp' && protocol !== 'udp') return `${protocol} ${from}:${to} from ${source}`;
  return `${from === to ? from : `${from}-${to}`}/${protocol} from ${source}`;
}

/** Returns the keys of all rules of the document, by group, sorted; none for a group that is not there. */
export function ruleKeysOf(document: ClusterDocument, ids: GroupIds): Record<GroupRole, string[]> {
  const all = groupRulesOf(document, ids.agent !== null);
  const keysOf = (role: GroupRole): string[] => {
    const rules = all.filter((rule) => rule.of === role);
    const keys = rules.map(({ source, ...ports }) =>
      ruleKey({ ...ports, source: 'group' in source ? (ids[source.group] ?? '') : source.cidr }),
    );
    return [...new Set([...keys, OUT_TO_ALL])].sort();
  };
  return { server: keysOf('server'), agent: ids.agent === null ? [] : keysOf('agent') };
}

/** Returns a short digest for the region watch: the same rules have the same digest. */
export const rulesDigest = (keys: readonly string[]): string => fingerprint(JSON.stringify([...keys].sort()));

export interface RuleDifference {
  /** Wanted and missing. */
  missing: string[];
  /** Present and not wanted. */
  extra: string[];
}

/** Returns the rules to open and to close between the present and the wanted ones. */
export function ruleDifference(present: readonly string[], wanted: readonly string[]): RuleDifference {
  return {
    missing: wanted.filter((key) => !present.includes(key)),
    extra: present.filter((key) => !wanted.includes(key)),
  };
}

/** How many rules the text names; it counts the others. */
const NAMED = 4;

/** Returns e.g. `servers: open 6443/tcp from 10.0.0.0/8; close 6443/tcp from 0.0.0.0/0`; empty when nothing differs. */
export function differenceText(difference: Record<GroupRole, RuleDifference>): string {
  const list = (keys: readonly string[]): string =>
    keys.length <= NAMED ? keys.join(', ') : `${keys.slice(0, NAMED).join(', ')} and ${keys.length - NAMED} more`;
  const parts = GROUP_ROLES.flatMap((role) => {
    const { missing, extra } = difference[role];
    const changes = [
      ...(missing.length > 0 ? [`open ${list(missing)}`] : []),
      ...(extra.length > 0 ? [`close ${list(extra)}`] : []),
    ];
    return changes.length === 0 ? [] : [`${role}s: ${changes.join(', ')}`];
  });
  return parts.join('; ');
}
