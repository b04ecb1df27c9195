import { stillHolding } from '../../model/breaker.js';
import type { Plan, StepKind } from '../../model/plan/index.js';
import { groupsDifferenceOf } from '../../model/security-groups/of-instance.js';
import { isRefused } from '../../model/security-groups/own-groups.js';
import type { ClusterState } from '../../model/state.js';
import { type Cluster, emit, now } from './context.js';
import { endOperation } from './operation/history.js';
import { endRotation } from './steps/rotate.js';

/** Notes that the cluster has reached its desired state. */
export function markConverged(self: Cluster): void {
  const { state } = self;
  state.repairAsked = false;
  endRotation(self);
  if (state.desiredState === 'running') state.initializedAt ??= now();
  if (state.operation !== null) endOperation(self, outcomeOf(state));
  if (state.operation === null && state.observedGeneration !== state.specGeneration) {
    state.observedGeneration = state.specGeneration;
    state.lastError = null;
  }
  // The cause of an error outside of operations is gone.
  if (state.lastError?.operation === null) state.lastError = null;
  state.breakers = stillHolding(state.breakers, now());
  self.status.publish();
}

const ENDING: ReadonlySet<string> = new Set(['backup', 'rehearse', 'rotate']);
/** Kinds of operations that fail when one of these steps fails. */
const ENDS_WITH_TRY: ReadonlySet<string | undefined> = new Set(['backup', 'restore', 'rotate']);

/** Returns how the operation ends: Keelson does not retry a refusal, so the operation has failed although no step remains. */
function outcomeOf(state: ClusterState): 'done' | 'rolledBack' | 'failed' {
  const { unavailableTypes, operation } = state;
  if (Object.keys(unavailableTypes).length > 0) return 'rolledBack';
  // Keelson retries neither a backup nor a rehearsal of one that cannot be restored.
  const tried = operation?.steps.findLast(({ kind }) => ENDING.has(kind));
  if (tried?.error != null && ENDS_WITH_TRY.has(operation?.kind)) return 'failed';
  const isRefusedOf = (kind: StepKind): boolean =>
    operation?.steps.some((step) => step.kind === kind && step.error !== null) === true;
  const rules =
    isRefusedOf('security-group') && state.securityGroups !== null && isRefused(state.document, state.securityGroups);
  const groups =
    isRefusedOf('set-groups') &&
    Object.values(state.slots).some((slot) => groupsDifferenceOf(state.document, state, slot)?.refused != null);
  return rules || groups ? 'failed' : 'done';
}

/** Notes that only a person can unblock the cluster, and does nothing else. */
export function markBlocked(self: Cluster, blocked: NonNullable<Plan['blocked']>): void {
  const { state } = self;
  state.repairAsked = false;
  state.backup.asked = false;
  // Keelson has repaired what it could.
  if (state.operation !== null)
    endOperation(self, state.operation.kind === 'repair' && blocked.code !== 'QuorumLost' ? 'done' : 'failed');
  if (state.lastError?.code !== blocked.code) emit(self, 'Warning', blocked.code, blocked.message);
  const known = state.lastError?.code === blocked.code ? state.lastError.at : null;
  const nowhere = {
    at: known ?? now(),
    class: 'conflict',
    operation: null,
    step: null,
    slot: null,
    attempt: 1,
  } as const;
  state.lastError = { ...nowhere, ...blocked };
  // Keelson has accepted this generation, and has gone as far as it can without a person.
  state.observedGeneration = state.specGeneration;
  self.status.publish();
}

/** Reports a deferred launch once. */
export function tellDeferred(self: Cluster, { deferred }: Plan): void {
  for (const message of deferred?.messages ?? []) {
    if (!self.state.events.some((event) => event.message === message)) emit(self, 'Warning', 'LaunchDeferred', message);
  }
}
