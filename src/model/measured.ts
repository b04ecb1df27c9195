import type { Slot } from './state.js';

/** What is measured of a node: its power, EC2's status checks, its SSM agent, its K3s service, its API server, its Node, and what it tells of itself. */
export type Measurement = 'instance' | 'checks' | 'agent' | 'service' | 'api' | 'node' | 'facts';

/** When it was last measured, ISO 8601; what is missing was not, since the instance or its K3s was started. */
export type Measured = Partial<Record<Measurement, string>>;

/** What a start or a stop of K3s makes out of date. */
const OF_K3S: readonly Measurement[] = ['service', 'api', 'node', 'facts'];

/** With these measured now. */
export function withMeasured(slot: Pick<Slot, 'measured'>, now: string, ...what: Measurement[]): Measured {
  return { ...slot.measured, ...Object.fromEntries(what.map((one) => [one, now])) };
}

/** Without these. */
export function withoutMeasured(slot: Pick<Slot, 'measured'>, what: readonly Measurement[] = OF_K3S): Measured {
  return Object.fromEntries(Object.entries(slot.measured).filter(([one]) => !what.includes(one as Measurement)));
}

/** Whether a node that runs K3s was not measured as a whole since it was started. */
export function isUnmeasured(slot: Slot): boolean {
  if (slot.instance?.power !== 'running' || !slot.joined || slot.service !== 'running') return false;
  const { checks, node, facts } = slot.measured;
  return checks === undefined || node === undefined || facts === undefined;
}
