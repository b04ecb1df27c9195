import { uuid4 } from '@temporalio/workflow';
import { afterFailure, awaitedTry } from '../../../model/breaker.js';
import { isUnmeasured } from '../../../model/measured.js';
import type { Plan } from '../../../model/plan/index.js';
import { KEELSON } from '../../../model/requests/sender.js';
import type { ErrorRecord, Operation } from '../../../model/state.js';
import { type Cluster, emit, now, shortId } from '../context.js';
import { endLeftSteps } from './leave.js';
import { operationEnded } from './metrics.js';
import { traceOperation } from './spans.js';

const OPERATIONS_KEPT = 20;
const STEPS_KEPT = 60;

const FAILED: ReadonlySet<Operation['outcome']> = new Set(['failed', 'rolledBack']);

/** Continues the operation under way if it serves the same desired state; else ends it and begins the planned one. */
export function beginOperation(cluster: Cluster, plan: Plan): Operation {
  const { state } = cluster;
  const current = state.operation;
  if (current !== null && current.specGeneration === state.specGeneration) {
    endLeftSteps(current, plan.steps);
    const done = current.steps.filter((step) => step.outcome === 'done').length;
    current.stepsTotal = done + plan.steps.length;
    return current;
  }
  if (current !== null) endOperation(cluster, 'superseded');
  const operation: Operation = {
    id: state.requestedOperationId ?? `op-${shortId()}`,
    kind: plan.kind,
    // Keelson itself repairs what no one has asked for.
    requestedBy: plan.kind === 'repair' && state.requestedOperationId === null ? KEELSON : state.requestedBy,
    startedAt: now(),
    endedAt: null,
    outcome: 'running',
    reason: plan.reason,
    traceId: state.operationCount === 0 ? state.traceId : uuid4().replaceAll('-', ''),
    specGeneration: state.specGeneration,
    steps: [],
    stepsTotal: plan.steps.length,
  };
  state.requestedOperationId = null;
  state.lastRequest = null;
  state.operationCount += 1;
  state.operation = operation;
  emit(cluster, 'Normal', 'OperationStarted', `${operation.kind}: ${operation.reason}`);
  return operation;
}

/** Moves the operation into the bounded list of finished ones. */
export function endOperation(cluster: Cluster, outcome: Operation['outcome']): void {
  const { state } = cluster;
  const { operation } = state;
  if (operation === null) return;
  endLeftSteps(operation, []);
  operation.endedAt = now();
  operation.outcome = outcome;
  operationEnded(operation, state.document.spec.region);
  traceOperation(operation, state);
  operation.steps = operation.steps.slice(-STEPS_KEPT);
  // Only the latest few keep their steps: carried state stays small.
  const older = state.operations
    .slice(-(OPERATIONS_KEPT - 1))
    .map((one, index, all) => (index < all.length - 4 ? { ...one, steps: [] } : one));
  state.operations = [...older, operation];
  state.operation = null;
  state.waiting = null;
  // An error that did not keep the operation from its end is not current any more; `history` keeps it.
  if (!FAILED.has(outcome) && state.lastError?.operation === operation.id) state.lastError = null;
  // The nodes that were started are not measured as a whole yet: the next idle moment makes up for that.
  if (state.desiredState === 'running' && state.initializedAt !== null && Object.values(state.slots).some(isUnmeasured))
    state.observeRequested = true;
  emit(cluster, outcome === 'done' ? 'Normal' : 'Warning', 'OperationEnded', `${operation.kind}: ${outcome}`);
}

/** Counts a failure against the breaker of the operation's kind, which decides when the next try may be. */
export function countFailure(cluster: Cluster, operation: Operation, error: ErrorRecord): void {
  const { state } = cluster;
  const next = afterFailure(state.breakers[operation.kind] ?? null, error.class, now(), error.code);
  state.breakers = { ...state.breakers, [operation.kind]: next.breaker };
  // Who reads the failure reads with it when the next try is, and not a look at the cluster later.
  state.waiting = awaitedTry(state, now());
  if (next.breaker.openUntil !== null) {
    emit(
      cluster,
      'Warning',
      'BreakerOpen',
      `${operation.kind}: ${error.code}: nothing is tried until ${next.breaker.openUntil}; retry or a new document goes on at once`,
    );
  }
}
