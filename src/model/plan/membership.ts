import { isServerSlot, type WantedSlot } from '../ids.js';
import type { ClusterState } from '../state.js';
import { type PlanBuilder, stepId } from './steps.js';

/**
 * Plans the new members. The first server starts the cluster; each other node joins when it and one running server are ready. Keelson sends a
 * join while the first server still starts, and the join waits on its node: each round trip to a node costs seconds on the critical path.
 */
export function planMembership(plan: PlanBuilder, state: ClusterState, wanted: WantedSlot): void {
  const slot = state.slots[wanted.name];
  const name = wanted.name;
  if (slot?.joined && slot.instance) return;
  const bootstrapping = bootstraps(state, wanted);
  const ready = ['store-files', stepId('wait-for-agent', name), stepId('volumes', name), ...departures(plan, wanted)];
  plan.add({
    kind: bootstrapping ? 'bootstrap' : 'join',
    slot: name,
    phase: 'Configuring',
    after: bootstrapping ? ready : [...ready, ...serversUp(plan)],
    title: bootstrapping
      ? 'install K3s and bootstrap the cluster (cluster-init)'
      : `install K3s and join as ${wanted.role}`,
    reason: bootstrapping
      ? 'no etcd member exists yet'
      : state.initializedAt === null
        ? 'it follows the first server'
        : 'it is not a member yet',
  });
}

/** Removals that a join waits for: of the slot's own former node, and for a server those of all servers, which etcd still counts. */
const departures = (plan: PlanBuilder, { name, role }: WantedSlot): string[] =>
  plan
    .ofKind('remove-node')
    .flatMap(({ id, slot }) => (slot === name || (role === 'server' && isServerSlot(slot ?? '')) ? id : []));

/** Whether the slot founds etcd: the one that was chosen, else the first server, while no server is a member. Once in a life. */
function bootstraps(state: ClusterState, wanted: WantedSlot): boolean {
  const servers = Object.values(state.slots).filter((slot) => slot.role === 'server');
  if (wanted.role !== 'server' || servers.some((slot) => slot.joined && slot.instance !== null)) return false;
  return wanted.name === (state.bootstrapServer?.split('#')[0] ?? 'server-0');
}

/** Steps after which a server is up that can be joined, or is being founded. */
const serversUp = (plan: PlanBuilder): string[] => [
  ...plan.ofKind('start-service').flatMap(({ id, slot }) => (isServerSlot(slot ?? '') ? [id] : [])),
  ...plan.ofKind('bootstrap').flatMap(({ after }) => after),
];
