import type { Measured, Measurement } from './state/node.js';
import type { Slot } from './state/slot.js';

export type { Measured, Measurement } from './state/node.js';

/** Measurements that a start or a stop of K3s invalidates. */
const OF_K3S: readonly Measurement[] = ['service', 'api', 'node', 'facts'];

/** Notes these as measured now. */
export function withMeasured(slot: Pick<Slot, 'measured'>, now: string, ...what: Measurement[]): Measured {
  return { ...slot.measured, ...Object.fromEntries(what.map((one) => [one, now])) };
}

/** Without these. */
export function withoutMeasured(slot: Pick<Slot, 'measured'>, what: readonly Measurement[] = OF_K3S): Measured {
  return Object.fromEntries(Object.entries(slot.measured).filter(([one]) => !what.includes(one as Measurement)));
}

/** Returns whether a node with a running K3s was not measured as a whole since its start. */
export function isUnmeasured(slot: Slot): boolean {
  if (slot.instance?.power !== 'running' || !slot.joined || slot.service !== 'running') return false;
  const { checks, node, facts } = slot.measured;
  return checks === undefined || node === undefined || facts === undefined;
}
