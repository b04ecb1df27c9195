import type { ClusterState } from '../state.js';
import { PlanBuilder, type Step } from './steps.js';

/** AWS is the record of what exists: before a new workflow makes anything it asks whether the cluster exists. */
export function planAdoption(plan: PlanBuilder, state: ClusterState): void {
  if (state.adoption !== 'unasked') return;
  plan.add({
    kind: 'adopt',
    phase: 'Pending',
    after: [],
    title: 'look for instances that carry the name already',
    reason: 'an earlier workflow may have left the cluster behind',
  });
}

/**
 * Asks each running node what runs on it, and plans nothing else before the answer, so that nothing is done twice. A stopped node stays
 * stopped: the next plan decides whether and how to start it.
 */
export function planInspection(state: ClusterState): Step[] {
  const plan = new PlanBuilder();
  const reason = 'it was found by its tags';
  for (const slot of Object.values(state.slots)) {
    if (slot.instance?.power !== 'running') continue;
    plan.add({
      kind: 'wait-for-agent',
      slot: slot.name,
      phase: 'Pending',
      after: [],
      title: 'wait for the SSM agent',
      reason,
    });
  }
  plan.add({
    kind: 'inspect',
    phase: 'Pending',
    after: plan.steps.map((step) => step.id),
    title: 'ask the nodes what runs on them',
    reason,
  });
  return plan.steps;
}
