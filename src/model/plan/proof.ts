import type { RemediationDecision } from '../health/decide-remediation.js';
import { isOutdated } from '../kubeconfig.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import { type PlanBuilder, QUIET } from './steps.js';
import { apiAddressOf, publisherOf } from './wanted.js';

/** Plans the kubeconfig for people, and the observation that proves the whole. */
export function planProof(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  remediation: RemediationDecision,
): void {
  const phase =
    state.initializedAt === null ? 'Configuring' : plan.steps[0]?.phase === 'Starting' ? 'Starting' : 'Updating';
  const address = apiAddressOf(document, state);
  const bootstrapping = plan.steps.some((step) => step.kind === 'bootstrap');
  // An agent that gets another address moves no API.
  const isOfServer = (slot: string | null): boolean => slot !== null && state.slots[slot]?.role === 'server';
  const starts = plan.steps.some((step) => step.kind === 'start-instance' && isOfServer(step.slot));
  const moved = document.spec.network.publicIp && starts;
  const publisher = publisherOf(state)?.name;
  const restarted = plan.steps.some((step) => step.kind === 'start-service' && step.slot === publisher);
  // The bootstrap server stores it with its tokens, the first server at its start.
  const outdated = isOutdated(state);
  const elsewhere = moved || address === null || address !== state.apiAddress;
  if (!bootstrapping && !restarted && (elsewhere || outdated)) {
    plan.add({
      kind: 'publish',
      phase: elsewhere ? phase : 'Configuring',
      after: plan.steps.filter((step) => step.kind === 'start-service').map((step) => step.id),
      title: 'store the kubeconfig',
      reason: !elsewhere
        ? 'the certificate in it ends sooner than the one that the server has now'
        : state.apiAddress === null
          ? 'people need it'
          : 'the address of the API has changed',
    });
  }
  // Keelson knows the unhealthy nodes that have to wait: a wait for them here would hold up everything else.
  const known =
    remediation.deferred.size > 0 ||
    remediation.backingOff.size > 0 ||
    remediation.until !== null ||
    remediation.blocked !== null;
  if (plan.steps.some((step) => !QUIET.has(step.kind)) || (!state.verified && !known)) {
    plan.add({
      kind: 'verify',
      phase,
      after: plan.steps.map((step) => step.id),
      title: 'see every node Ready and every server a voter',
      reason: 'done is what was seen',
    });
  }
}
