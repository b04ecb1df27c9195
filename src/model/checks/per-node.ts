import type { Verdict } from '../conditions.js';
import { slotsOf } from '../ids.js';
import type { Subject } from '../observation-failure.js';
import type { ClusterState } from '../state.js';
import { unmeasured } from './known.js';
import type { NodeCheck } from './nodes.js';
import { hiding } from './observed.js';
import { type PerNode, tally } from './tally.js';

/** A condition that counts nodes. */
interface NodeCondition {
  type: string;
  /** What is observed for it: while that is hidden the condition is Unknown. */
  subject: Subject;
  check: NodeCheck;
  /** What the good ones are or have, e.g. `nodes are Ready`. */
  what: string;
  /** What a person can do where one is bad. */
  hint: string;
}

type Role = 'server' | 'agent';

/** The condition over all nodes that the document wants. */
export const ofNodes = (condition: NodeCondition) => (state: ClusterState, now: string) => count(state, condition, now);

/** The condition over its servers. */
export const ofServers = (condition: NodeCondition) => (state: ClusterState, now: string) =>
  count(state, condition, now, 'server');

/** What is known of each node that the document wants, in one respect. */
export function perNode(state: ClusterState, check: NodeCheck, now: string, role?: Role): PerNode {
  return slotsOf(state.document)
    .filter((wanted) => role === undefined || wanted.role === role)
    .map(({ name }) => {
      const slot = state.slots[name];
      return [name, slot === undefined ? unmeasured('not launched yet') : check(state, slot, now)] as const;
    });
}

/** The servers that have to agree: the members of etcd, and while a cluster is made all that are to be. */
export function perMember(state: ClusterState, check: NodeCheck, now: string): PerNode {
  if (state.bornAt === null) return perNode(state, check, now, 'server');
  const members = Object.values(state.slots).filter((slot) => slot.role === 'server' && slot.joined);
  return members.map((slot) => [slot.name, check(state, slot, now)] as const);
}

function count(
  state: ClusterState,
  { type, subject, check, what, hint }: NodeCondition,
  now: string,
  role?: Role,
): Verdict {
  return tally({ type, what, hint, nodes: perNode(state, check, now, role), hidden: hiding(state, subject) });
}
