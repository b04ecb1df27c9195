import type { ClusterState } from '../state.js';
import { planAdoption } from './adoption.js';
import { PlanBuilder, type Step } from './steps.js';

const COMMON = { phase: 'Deleting', disruption: 'cluster', reason: 'the cluster is to be deleted' } as const;

/** Delete never depends on the cluster being healthy: instances, then all that carries its tags, then its keys in the bucket. */
export function planDeleted(state: ClusterState): Step[] {
  const plan = new PlanBuilder();
  const before: string[] = [];
  if (!wasNeverReached(state)) {
    planAdoption(plan, state);
    before.push(plan.add({ ...COMMON, kind: 'terminate-all', after: ['adopt'], title: 'terminate every instance' }));
    const title = 'delete all that carries its tags until nothing is left';
    before.push(plan.add({ ...COMMON, kind: 'sweep', after: [...before], title }));
  }
  plan.add({ ...COMMON, kind: 'forget', after: before, title: 'delete its keys in the bucket, config.yaml last' });
  return plan.steps;
}

/** In a region that does not exist nothing can have been made, and no one there can be asked. */
function wasNeverReached(state: ClusterState): boolean {
  return state.lastError?.code === 'RegionUnknown' && state.placement === null && Object.keys(state.slots).length === 0;
}
