import type { ConditionResult } from '../conditions.js';
import { slotsOf } from '../ids.js';
import type { Subject } from '../observation-failure.js';
import type { ClusterState } from '../state.js';
import { bad, unmeasured } from './known.js';
import type { NodeCheck } from './nodes.js';
import { hiding } from './observed.js';
import { type PerNode, tally } from './tally.js';

/** A condition that counts nodes. */
interface NodeCondition {
  type: string;
  /** Subject that the condition depends on: while it cannot be observed the condition is Unknown. */
  subject: Subject;
  check: NodeCheck;
  /** Property of the good ones, e.g. `nodes are Ready`. */
  what: string;
  /** What a person can do about a bad one. */
  hint: string;
}

type Role = 'server' | 'agent';

/** Returns the condition over all nodes of the document. */
export const ofNodes = (condition: NodeCondition) => (state: ClusterState, now: string) => count(state, condition, now);

/** Returns the condition over the document's servers. */
export const ofServers = (condition: NodeCondition) => (state: ClusterState, now: string) =>
  count(state, condition, now, 'server');

/** Returns what is known of each node of the document, in one respect. */
export function perNode(state: ClusterState, check: NodeCheck, now: string, role?: Role): PerNode {
  return slotsOf(state.document)
    .filter((wanted) => role === undefined || wanted.role === role)
    .map((wanted) => {
      const slot = state.slots[wanted.name];
      return [
        wanted.name,
        slot === undefined ? unmeasured('not launched yet') : check(state, slot, now, wanted),
      ] as const;
    });
}

/** Returns the servers that have to agree: the members of etcd, and all future ones while the cluster is made. */
export function perMember(state: ClusterState, check: NodeCheck, now: string): PerNode {
  if (state.initializedAt === null) return perNode(state, check, now, 'server');
  return Object.values(state.slots).flatMap((slot): PerNode => {
    if (slot.role !== 'server') return [];
    // A lost member counts until it is removed, whatever instance the slot has by now.
    if (slot.departing !== null) return [[slot.name, bad(`${slot.departing} is gone and still a member`)]];
    return slot.joined ? [[slot.name, check(state, slot, now)]] : [];
  });
}

function count(
  state: ClusterState,
  { type, subject, check, what, hint }: NodeCondition,
  now: string,
  role?: Role,
): ConditionResult {
  return tally({ type, what, hint, nodes: perNode(state, check, now, role), hidden: hiding(state, subject) });
}
