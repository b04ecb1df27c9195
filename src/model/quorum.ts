import type { NodeObservation } from './observation.js';
import type { Slot } from './state.js';

type ServerSlot = Pick<Slot, 'name' | 'nodeName'>;

/** Members that must agree: more than half. */
export const quorumOf = (members: number): number => Math.floor(members / 2) + 1;

/** Returns how many members may fail before the cluster stops. */
export const toleranceOf = (voters: number, members: number): number => voters - quorumOf(members);

export interface Gate {
  open: boolean;
  /** Why the gate is closed, one sentence each; empty when open. */
  reasons: string[];
}

/**
 * Returns one observation of the gate before every operation that takes a server down. It is open when every slot of a server has its Node,
 * every Node of a server is Ready and a voter, no Node and no member of etcd is stale, and one more may fail.
 *
 * @param servers slots that are servers
 * @param nodes Kubernetes nodes as a verify step saw them; agents among them do not count
 * @param unhealthy the slot to take down because it is unhealthy: all others must do without it
 * @param strays members of etcd that have no Node: each is a learner that is still joining, or counts against the quorum
 */
export function observeGate(
  servers: readonly ServerSlot[],
  nodes: readonly NodeObservation[],
  unhealthy: string | null = null,
  strays: readonly string[] = [],
): Gate {
  const reasons: string[] = [];
  const members = nodes.filter((node) => node.voter !== null);
  const byName = new Map(members.map((node) => [node.name, node]));
  for (const slot of servers) {
    if (slot.name === unhealthy) continue;
    const node = byName.get(slot.nodeName);
    if (node === undefined) reasons.push(`${slot.name}: ${slot.nodeName} is not a member`);
    else if (node.voter !== true) reasons.push(`${slot.name}: ${slot.nodeName} is a learner`);
    else if (!node.ready) reasons.push(`${slot.name}: ${slot.nodeName} is not Ready`);
  }
  const known = new Set(servers.map((slot) => slot.nodeName));
  for (const node of members) if (!known.has(node.name)) reasons.push(`${node.name} is a member without a slot`);
  const departing = servers.find((slot) => slot.name === unhealthy)?.nodeName;
  for (const member of strays) if (member !== departing) reasons.push(`etcd member ${member} has no Node`);
  const voters = members.filter((node) => node.voter === true && node.ready && node.name !== departing).length;
  const all = Math.max(members.length + strays.length, servers.length);
  if (toleranceOf(voters, all) < (departing === undefined ? 1 : 0)) {
    reasons.push(`${voters} of ${all} vote: none can be spared`);
  }
  return { open: reasons.length === 0, reasons };
}

/** Memory of the first observation for the second. */
export interface GateMemory {
  /** Since when every observation has found the gate open; null when the last one did not. */
  openSince: string | null;
}

/**
 * Combines two observations: a single one may catch a passing moment, so the gate opens when it was found open twice, at least `apartMs`
 * apart.
 */
export function seenTwice(
  memory: GateMemory,
  look: Gate,
  now: string,
  apartMs: number,
): { open: boolean; memory: GateMemory } {
  if (!look.open) return { open: false, memory: { openSince: null } };
  if (memory.openSince === null) return { open: false, memory: { openSince: now } };
  return { open: Date.parse(now) - Date.parse(memory.openSince) >= apartMs, memory };
}
