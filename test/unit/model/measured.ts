import type { NodeFacts } from '#src/model/health/facts.js';
import type { ClusterState } from '#src/model/state.js';

/** The state with everything measured of every node, and found good. */
export function measuredWhole(state: ClusterState, at: string): ClusterState {
  const measured = { instance: at, checks: at, agent: at, service: at, api: at, node: at, facts: at };
  const slots = Object.entries(state.slots).map(([name, slot]) => [name, { ...slot, measured, facts: factsAt(at) }]);
  return { ...state, checkedAt: at, slots: Object.fromEntries(slots) as ClusterState['slots'] };
}

const factsAt = (at: string): NodeFacts => ({
  at,
  deepAt: at,
  restarts: 0,
  diskUsedPercent: 20,
  clockOffset: 0,
  certificatesUntil: new Date(Date.parse(at) + 365 * 86_400_000).toISOString(),
  databaseMiB: 20,
  snapshot: null,
});
