import type { ClusterState } from './state.js';

/** Returns the ids of the instances that have slots. */
export const instancesOf = (state: Pick<ClusterState, 'slots'>): string[] =>
  Object.values(state.slots).flatMap((slot) => slot.instance?.id ?? []);
