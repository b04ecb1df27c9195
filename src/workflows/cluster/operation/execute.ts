import { CancellationScope, createEventGroup } from '@temporalio/workflow';
import { stepsToBegin } from '../../../model/plan/budget.js';
import { type Plan, type Step, WAITS } from '../../../model/plan/index.js';
import type { ErrorRecord, StepRecord } from '../../../model/state.js';
import { errorRecordOf, isCancelled } from '../../lib/errors.js';
import { type Cluster, emit, now } from '../context.js';
import { stepHandlers } from '../steps/index.js';
import { stepEnded } from './metrics.js';
import { traceStep, withinStep } from './spans.js';

export type Outcome = { kind: 'done' } | { kind: 'interrupted' } | { kind: 'failed'; error: ErrorRecord };

/**
 * Runs the steps of a plan, each as soon as the steps that it depends on have succeeded. A step changes the state only when it has
 * succeeded. Between two steps is a safe point: when `stale` says that the desired state has changed, no further step begins, waits end,
 * and running steps finish. A step beside the others that fails ends only what waits for it; the plan has failed when the rest has ended. `cluster.control.cancel` cancels all at once; a step that must not stop half-way shields itself.
 */
export async function execute(cluster: Cluster, plan: Plan, stale: () => boolean, attempt: number): Promise<Outcome> {
  const done = new Set<string>();
  const begun = new Set<string>();
  const waits = new Map<Step, CancellationScope>();
  const running = new Map<string, Promise<void>>();
  let error: ErrorRecord | null = null;
  let errorBeside: ErrorRecord | null = null;
  let aborted = false;

  const begin = (step: Step, scope: CancellationScope): void => {
    begun.add(step.id);
    const task = scope
      .run(() => createEventGroup(step.phase, { id: step.phase }).withScope(() => runStep(cluster, step, attempt)))
      .then(
        () => void done.add(step.id),
        (reason: unknown) => {
          if (isCancelled(reason)) return;
          const record = errorRecordOf(reason, step, cluster.state.operation?.id ?? null, attempt);
          if (step.beside === true) errorBeside ??= record;
          else error ??= record;
        },
      )
      .finally(() => {
        running.delete(step.id);
        waits.delete(step);
      });
    running.set(step.id, task);
  };

  await CancellationScope.cancellable(async () => {
    const whole = CancellationScope.current();
    cluster.control.cancel = () => {
      aborted = true;
      whole.cancel();
    };
    cluster.control.interruptWaits = (keep) => {
      for (const [step, scope] of waits) {
        if (step.kind !== 'wait-for-agent' || !keep?.has(step.slot ?? '')) scope.cancel();
      }
    };
    for (;;) {
      if (!stale() && !aborted && error === null) {
        for (const step of stepsToBegin(plan.steps, begun, done)) {
          const scope = new CancellationScope({ cancellable: true, parent: whole });
          // A changed desired state cuts these short.
          if (WAITS.has(step.kind)) waits.set(step, scope);
          begin(step, scope);
        }
      }
      if (running.size === 0) break;
      await CancellationScope.nonCancellable(() => Promise.race(running.values()));
    }
  }).finally(() => {
    cluster.control.cancel = null;
    cluster.control.interruptWaits = null;
  });

  const failed = error ?? errorBeside;
  if (failed !== null) return { kind: 'failed', error: failed };
  return done.size === plan.steps.length ? { kind: 'done' } : { kind: 'interrupted' };
}

/** Runs one step and keeps its record in the operation, so that history, status and UI show it from its first moment. */
async function runStep(cluster: Cluster, step: Step, attempt: number): Promise<void> {
  const record: StepRecord = {
    id: step.id,
    kind: step.kind,
    phase: step.phase,
    slot: step.slot,
    title: step.title,
    startedAt: now(),
    endedAt: null,
    outcome: 'running',
    error: null,
  };
  cluster.state.operation?.steps.push(record);
  // The Web UI and the query show the step at once; status.yaml shows it with the end of the step before it.
  cluster.status.publish('with-next-write');
  try {
    await withinStep(record, () => stepHandlers[step.kind](cluster, step));
    // A step may end its operation without throwing: Keelson does not retry a final failure, and counts it against no breaker.
    record.outcome = record.error === null ? 'done' : 'failed';
    if (record.outcome === 'done')
      emit(cluster, 'Normal', 'StepDone', `${step.slot ? `${step.slot}: ` : ''}${step.title}`);
  } catch (reason) {
    record.outcome = isCancelled(reason) ? 'cancelled' : 'failed';
    if (record.outcome === 'failed') {
      record.error = errorRecordOf(reason, step, cluster.state.operation?.id ?? null, attempt);
      cluster.state.lastError = record.error;
      emit(
        cluster,
        'Warning',
        record.error.code,
        `${step.slot ? `${step.slot}: ` : ''}${step.title}: ${record.error.message}`,
      );
    }
    throw reason;
  } finally {
    record.endedAt = now();
    stepEnded(record, cluster.state.document.spec.region);
    traceStep(record, cluster.state);
    cluster.status.publish();
  }
}
