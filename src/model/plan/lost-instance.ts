import type { Slot } from '../state.js';

/** Returns the slot without its instance, which is gone for good: its generation is used up, its node is still a member. */
export function lostInstance({ startDue: _, givenGroups: __, ...slot }: Slot): Slot {
  return {
    ...slot,
    instance: null,
    lastInstanceId: slot.instance?.id ?? slot.lastInstanceId,
    launch: null,
    agentOnline: false,
    installed: null,
    configHash: null,
    groups: null,
    manifests: null,
    service: 'stopped',
    notReadySince: null,
    rebootedAt: null,
    powerCycledAt: null,
    lostBeside: null,
    nodeLabels: null,
    facts: null,
    measured: {},
  };
}
