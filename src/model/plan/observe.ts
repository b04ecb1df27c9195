import type { InstanceView } from '../observation.js';
import type { ClusterState, Slot } from '../state.js';

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
  for (const [name, slot] of Object.entries(state.slots)) slots[name] = absorbSlot(slot, seen);
  return { ...state, slots };
}

function absorbSlot(slot: Slot, seen: Map<string, InstanceView>): Slot {
  if (slot.instance === null) return slot;
  const view = seen.get(slot.instance.id);
  if (view === undefined || view.state === 'terminated' || view.state === 'shutting-down') {
    return {
      ...slot,
      instance: null,
      lastInstanceId: slot.instance.id,
      launch: null,
      agentOnline: false,
      installed: null,
      configHash: null,
      service: 'stopped',
    };
  }
  const running = view.state === 'running' || view.state === 'pending';
  const was = slot.instance.power === 'running';
  const { untagged: _, ...instance } = slot.instance;
  return {
    ...slot,
    agentOnline: slot.agentOnline && running && was,
    service: running && was ? slot.service : 'stopped',
    instance: {
      ...instance,
      ...(view.untagged && { untagged: view.untagged }),
      type: view.type,
      publicIp: view.publicIp,
      power: running ? 'running' : 'stopped',
    },
  };
}
