import { ApplicationFailure, allHandlersFinished, condition, workflowInfo } from '@temporalio/workflow';
import type { ErrorDetail } from '../../../activities/api.js';
import { halfOpened } from '../../../model/breaker.js';
import { classifyCode } from '../../../model/errors/index.js';
import type { Plan } from '../../../model/plan/index.js';
import type { ErrorRecord } from '../../../model/state.js';
import { type Cluster, now } from '../context.js';
import { observe } from '../observe/index.js';
import { execute } from './execute.js';
import { beginOperation, countFailure } from './history.js';

/** Carries the plan out, as far as possible. @returns true when the cluster is deleted, with proof */
export async function carryOut(self: Cluster, next: Plan): Promise<boolean> {
  const { state } = self;
  state.breakers = halfOpened(state.breakers, now());
  state.waiting = null;
  const operation = beginOperation(self, next);
  const generation = state.specGeneration;
  const { breakerResets } = self.inbox;
  const held = Object.keys(state.unavailableTypes).length;
  self.status.publish();
  const changed = (): boolean =>
    state.specGeneration !== generation || (state.paused && state.desiredState !== 'deleted');
  self.control.replanRequested = false;
  self.control.loss = null;
  const obsolete = (): boolean => changed() || self.control.replanRequested;
  const renews = (): boolean => !obsolete() && workflowInfo().continueAsNewSuggested;
  const attempt = (state.breakers[operation.kind]?.failures ?? 0) + 1;
  const outcome = await execute(self, next, { obsolete, renews }, attempt);
  if (self.control.refused !== null) throw await notOurs(self, self.control.refused);
  if (outcome.kind === 'done') {
    // Part of a plan proves nothing: the deferred rest may fail.
    if (next.deferred === undefined) {
      const { [operation.kind]: _closed, ...breakers } = state.breakers;
      state.breakers = breakers;
    }
    state.checkedAt = now();
    if (state.desiredState === 'deleted') return true;
    if (state.observeRequested) await observe(self);
    return false;
  }
  const error = outcome.kind === 'failed' ? outcome.error : lossError(self, attempt);
  // A request that has closed the breakers wants the next try now; after a change of type the plan is another one.
  const counts =
    error !== null && self.inbox.breakerResets === breakerResets && Object.keys(state.unavailableTypes).length === held;
  if (counts) countFailure(self, operation, error);
  const isStopped = outcome.kind === 'interrupted' && !self.control.leaving && state.desiredState === 'running';
  if (counts || (isStopped && state.observeRequested)) await observe(self);
  return false;
}

/** Another workflow owns the cluster: this one has made nothing, and ends before it writes or deletes what belongs to the other. */
export async function notOurs(
  self: Cluster,
  { message, hint }: Pick<ErrorDetail, 'message' | 'hint'>,
): Promise<ApplicationFailure> {
  await self.status.close();
  await condition(allHandlersFinished);
  return ApplicationFailure.nonRetryable(message, 'Refused', hint);
}

/**
 * Returns the failure of a round in which no step has failed: the round ended because an instance that the operation had started was lost.
 */
function lossError(self: Cluster, attempt: number): ErrorRecord | null {
  const { state } = self;
  const { loss } = self.control;
  if (loss === null) return null;
  state.lastError = {
    at: now(),
    code: 'InstanceLost',
    class: 'conflict',
    message: `${loss.text}: it ended in the operation that has started it`,
    hint: classifyCode('InstanceLost').hint,
    operation: state.operation?.id ?? null,
    step: null,
    slot: loss.slot,
    attempt,
  };
  return state.lastError;
}
