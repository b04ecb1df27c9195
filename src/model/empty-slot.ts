import type { Slot } from './state.js';

/** Returns a slot of a generation, before anything is known of its instance. */
export function emptySlot(place: Pick<Slot, 'name' | 'role' | 'pool'>, generation: number, nodeName: string): Slot {
  return {
    ...place,
    generation,
    nodeName,
    launch: null,
    exhaustedSubnets: [],
    unreachableSubnets: [],
    instance: null,
    lastInstanceId: null,
    agentOnline: false,
    installed: null,
    configHash: null,
    groups: null,
    manifests: null,
    service: 'stopped',
    joined: false,
    departing: null,
    cordoned: false,
    drained: false,
    previousType: null,
    lastAppliedType: null,
    upkeepAt: null,
    graceUntil: null,
    restarts: null,
    notReadySince: null,
    rebootedAt: null,
    powerCycledAt: null,
    lostBeside: null,
    nodeLabels: null,
    facts: null,
    measured: {},
  };
}
