import type { ClusterState } from '../state.js';
import { planAdoption } from './adoption.js';
import { PlanBuilder, type Step } from './steps.js';

/** Delete never depends on the cluster being healthy: instances, then all that carries its tags, then its keys in the bucket. */
export function planDeleted(state: ClusterState): Step[] {
  const plan = new PlanBuilder();
  planAdoption(plan, state);
  const common = { phase: 'Deleting', disruption: 'cluster', reason: 'the cluster shall be deleted' } as const;
  const terminated = plan.add({
    ...common,
    kind: 'terminate-all',
    after: ['adopt'],
    title: 'terminate every instance',
  });
  const swept = plan.add({
    ...common,
    kind: 'sweep',
    after: [terminated],
    title: 'delete all that carries its tags until nothing is left',
  });
  plan.add({ ...common, kind: 'forget', after: [swept], title: 'delete its keys in the bucket, config.yaml last' });
  return plan.steps;
}
