import type { ClusterState, Slot } from '../state.js';
import { confirmedFinding, findingKey } from './findings.js';

/** Agents that are lost together: what they have in common has failed, and not the nodes. */
export interface Outage {
  /** Slots that Keelson does not repair for their lost agents. */
  slots: ReadonlySet<string>;
  message: string;
  hint: string;
}

/** One failed NAT gateway or endpoint takes a zone or a subnet, and with it a third of the nodes. */
const SHARE = 3;

/**
 * Returns whether SSM, or the way to it, has failed: no server answers, several nodes of a zone or of a subnet have lost their agents
 * (those of Keelson's other clusters count when they went at about the same time), or a third of the cluster has.
 *
 * @returns null when the lost agents, if any, have nothing in common
 */
export function outageOf(state: ClusterState): Outage | null {
  const all = Object.values(state.slots).filter((slot) => slot.instance?.power === 'running');
  // A finding of only the last observation may go either way.
  const silent = all.filter((slot) => state.findings[findingKey(slot.name, 'agent')] !== undefined);
  if (!silent.some((slot) => confirmedFinding(state, slot.name, 'agent') !== null)) return null;
  const servers = all.filter((slot) => slot.role === 'server' && slot.joined);
  const names = (slots: readonly Slot[]): string => slots.map((slot) => slot.name).join(', ');
  const lost = `SSM has lost the ${silent.length === 1 ? 'agent' : 'agents'} of ${names(silent)}`;
  const outage = (slots: readonly Slot[], what: string): Outage => ({
    slots: new Set(slots.map((slot) => slot.name)),
    message: `${lost}: ${what}`,
    hint: 'nothing is rebooted or replaced for it; see the AWS Health Dashboard, NAT gateways, endpoints, routes and the instance profile',
  });
  if (servers.length > 0 && servers.every((slot) => silent.includes(slot)))
    return outage(silent, 'no server can be asked what Kubernetes says');
  if (silent.length > 1 && silent.length * SHARE >= all.length)
    return outage(
      silent,
      `that is ${silent.length} of ${all.length} nodes at once, so it may be SSM, or the way to it`,
    );
  const together = silent.filter((slot) => PLACES.some((place) => companions(slot, silent, place) > 0));
  if (together.length === 0) return null;
  const places = PLACES.flatMap((place) =>
    together.filter((slot) => companions(slot, silent, place) > 0).map((slot) => slot.instance?.[FIELD[place]] ?? ''),
  );
  return outage(
    together,
    `several at once in ${[...new Set(places)].join(', ')}, so it may be the way to SSM from there`,
  );
}

const PLACES = ['zone', 'subnet'] as const;
const FIELD = { zone: 'zone', subnet: 'subnetId' } as const;

/** Returns the other nodes of the place whose agents are lost. */
function companions(slot: Slot, silent: readonly Slot[], place: (typeof PLACES)[number]): number {
  const field = FIELD[place];
  const own = silent.filter((one) => one !== slot && one.instance?.[field] === slot.instance?.[field]).length;
  return own + (slot.lostBeside?.[place] ?? 0);
}
