import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, OperationKind } from '../state.js';
import { planDeleted } from './deleting.js';
import { absorb, type Observation } from './observe.js';
import { planRunning } from './running.js';
import type { Plan, Step } from './steps.js';
import { planStopped } from './stopping.js';

export type { Observation } from './observe.js';
export { disruptionOf, type Plan, type Step, type StepKind, stepId } from './steps.js';

/**
 * Ordered steps from what is to what is wanted, each with its reason and disruption; none when nothing is to be done.
 * Pure: the workflow, `keelson plan`, the tests and the UI all ask this function.
 *
 * @param document what is wanted
 * @param state the facts that the workflow carries, with the wish
 * @param observation what AWS said last, or null: then the carried facts alone count
 */
export function plan(document: ClusterDocument, state: ClusterState, observation: Observation | null): Plan {
  const facts = observation === null ? state : absorb(state, observation);
  switch (facts.wish) {
    case 'deleted':
      return { kind: 'delete', reason: 'delete was asked for', steps: planDeleted(facts) };
    case 'stopped':
      return { kind: 'stop', reason: 'the cluster shall be stopped', steps: planStopped(facts) };
    case 'running': {
      const steps = planRunning(document, facts);
      return { kind: kindOf(facts, steps), reason: reasonOf(facts, steps), steps };
    }
  }
}

function kindOf(state: ClusterState, steps: readonly Step[]): OperationKind {
  if (state.bornAt === null) return 'create';
  const kinds = new Set(steps.map((step) => step.kind));
  if (kinds.has('modify')) return 'resize';
  if (steps.some((step) => step.phase === 'Starting')) return 'start';
  const lost = Object.values(state.slots).some((slot) => slot.joined && slot.instance === null);
  return lost ? 'repair' : 'update';
}

function reasonOf(state: ClusterState, steps: readonly Step[]): string {
  if (state.bornAt === null) return 'the cluster shall run and does not exist yet';
  const reasons = [...new Set(steps.filter((step) => step.kind !== 'verify').map((step) => step.reason))];
  return reasons.length === 0 ? 'the nodes were not seen well since the last change' : reasons.slice(0, 3).join('; ');
}
