import type { ClusterState } from '../state.js';
import { planAdoption } from './adoption.js';
import { PlanBuilder, type Step } from './steps.js';

const COMMON = { phase: 'Deleting', disruption: 'cluster', reason: 'the cluster is to be deleted' } as const;

/** Plans a delete, which never depends on a healthy cluster: instances, then everything with its tags, then its keys in the bucket. */
export function planDeleted(state: ClusterState): Step[] {
  const plan = new PlanBuilder();
  const before: string[] = [];
  if (!wasNeverReached(state)) {
    planAdoption(plan, state);
    before.push(plan.add({ ...COMMON, kind: 'terminate-all', after: ['adopt'], title: 'terminate every instance' }));
    const title = 'delete all that carries its tags until nothing is left';
    before.push(plan.add({ ...COMMON, kind: 'sweep', after: [...before], title }));
  }
  plan.add({
    ...COMMON,
    kind: 'delete-objects',
    after: before,
    title: 'delete its keys in the bucket, config.yaml last',
  });
  return plan.steps;
}

/** The region does not exist, or no role leads into the account. */
const UNREACHED = ['RegionUnknown', 'AssumeRoleRefused'];

/**
 * A workflow that could never ask has made nothing, and has not even claimed its name. What an earlier cluster of the name has left keeps
 * its record in the bucket, which `forget` does not touch without a claim.
 */
function wasNeverReached({ lastError, claim, launchConfig, slots }: ClusterState): boolean {
  const isUnreached = UNREACHED.includes(lastError?.code ?? '');
  return isUnreached && claim === null && launchConfig === null && Object.keys(slots).length === 0;
}
