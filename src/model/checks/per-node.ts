import type { ConditionResult } from '../conditions.js';
import type { Subject } from '../observation-failure.js';
import type { Judged } from './judged.js';
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

/** Returns the condition over all nodes of the document. */
export const ofNodes = (condition: NodeCondition) => (state: Judged, now: string) => count(state, condition, now);

/** Returns the condition over the document's servers. */
export const ofServers = (condition: NodeCondition) => (state: Judged, now: string) =>
  count(state, condition, now, 'server');

/** Returns what is known of each node of the document, in one respect. */
export function perNode(state: Judged, check: NodeCheck, now: string, role?: 'server'): PerNode {
  const places = role === undefined ? state.places : state.places.filter(({ wanted }) => wanted.role === role);
  return places.map(
    ({ wanted, slot }) => [wanted.name, slot === undefined ? NOT_LAUNCHED : check(state, slot, now, wanted)] as const,
  );
}

const NOT_LAUNCHED = unmeasured('not launched yet');

/** Returns the servers that have to agree: the members of etcd, and all future ones while the cluster is made. */
export function perMember(state: Judged, check: NodeCheck, now: string): PerNode {
  if (state.initializedAt === null) return perNode(state, check, now, 'server');
  return Object.values(state.slots).flatMap((slot): PerNode => {
    if (slot.role !== 'server') return [];
    // A lost member counts until it is removed, whatever instance the slot has by now.
    if (slot.departing !== null) return [[slot.name, bad(`${slot.departing} is gone and still a member`)]];
    return slot.joined ? [[slot.name, check(state, slot, now)]] : [];
  });
}

function count(
  state: Judged,
  { type, subject, check, what, hint }: NodeCondition,
  now: string,
  role?: 'server',
): ConditionResult {
  return tally({ type, what, hint, nodes: perNode(state, check, now, role), hidden: hiding(state, subject) });
}
