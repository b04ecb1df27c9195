import { forgetFindings } from '../care/findings.js';
import type { InstanceView } from '../observation.js';
import type { ClusterState, Slot } from '../state.js';
import { lostInstance } from './lost-instance.js';

/** What AWS says of a cluster's instances, at a time. */
export interface Observation {
  at: string;
  instances: InstanceView[];
}

/**
 * The state with what was seen taken over: an instance that is gone leaves its slot empty, one that was stopped or started
 * by somebody else is known to be so. Returns a copy; the state that was given is untouched.
 */
export function absorb(state: ClusterState, observation: Observation): ClusterState {
  const seen = new Map(observation.instances.map((view) => [view.id, view]));
  const slots: Record<string, Slot> = {};
  let { findings } = state;
  for (const [name, slot] of Object.entries(state.slots)) {
    const next = absorbSlot(slot, seen);
    slots[name] = next;
    // Of what is gone or down nothing else is worth knowing.
    if (next.instance?.power !== 'running') findings = forgetFindings(findings, name);
  }
  return { ...state, slots, findings };
}

function absorbSlot(slot: Slot, seen: Map<string, InstanceView>): Slot {
  if (slot.instance === null) return slot;
  const view = seen.get(slot.instance.id);
  if (view === undefined || view.state === 'terminated' || view.state === 'shutting-down') {
    return lostInstance(slot);
  }
  const running = view.state === 'running' || view.state === 'pending';
  const was = slot.instance.power === 'running';
  const { untagged: _, ...instance } = slot.instance;
  return {
    ...slot,
    agentOnline: slot.agentOnline && running && was,
    service: running && was ? slot.service : 'stopped',
    measured: running && was ? slot.measured : {},
    instance: {
      ...instance,
      ...(view.untagged && { untagged: view.untagged }),
      type: view.type,
      // One that is about to start has none yet.
      publicIp: view.state === 'pending' ? slot.instance.publicIp : view.publicIp,
      power: running ? 'running' : 'stopped',
    },
  };
}
