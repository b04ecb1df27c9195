import type { ClusterState, Slot } from '../state.js';
import { planAdoption, planInspection } from './adoption.js';
import { PlanBuilder, type Step, stepId } from './steps.js';

/**
 * Steps from the facts to a stopped cluster: agents first, then the servers one by one, an etcd snapshot before the last
 * server goes down. K3s is stopped before its instance, which hands the etcd leadership over.
 */
export function planStopped(state: ClusterState): Step[] {
  if (state.adoption === 'inspecting') return planInspection(state);
  const plan = new PlanBuilder();
  planAdoption(plan, state);
  const slots = Object.values(state.slots).filter((slot) => slot.instance !== null);
  const agents = slots.filter((slot) => slot.role === 'agent');
  const servers = slots.filter((slot) => slot.role === 'server').reverse();
  const agentStops = agents.flatMap((slot) => planStop(plan, slot, []));
  let before = agentStops;
  const serving = servers.filter((slot) => slot.joined && slot.service === 'running');
  for (const slot of servers) {
    if (slot === serving.at(-1)) {
      before = [
        plan.add({
          kind: 'snapshot',
          slot: slot.name,
          phase: 'Stopping',
          after: before,
          title: 'save an etcd snapshot',
          reason: 'the last server is about to stop',
        }),
      ];
    }
    before = planStop(plan, slot, before);
  }
  return plan.steps;
}

/** Stops K3s, then the instance; returns the step that the next server has to wait for. */
function planStop(plan: PlanBuilder, slot: Slot, before: string[]): string[] {
  const common = {
    slot: slot.name,
    phase: 'Stopping',
    disruption: 'cluster',
    reason: 'the cluster shall be stopped',
  } as const;
  let next = before;
  if (slot.service === 'running' && slot.agentOnline) {
    next = [plan.add({ ...common, kind: 'stop-service', after: before, title: 'stop K3s and its containers' })];
  }
  if (slot.instance?.power === 'running') {
    plan.add({
      ...common,
      kind: 'stop-instance',
      after: [...next, stepId('stop-service', slot.name)],
      title: 'stop the instance',
    });
  }
  return next;
}
