import { CancellationScope, createEventGroup } from '@temporalio/workflow';
import { stepsToBegin } from '../model/plan/budget.js';
import { type Plan, type Step, WAITS } from '../model/plan/index.js';
import type { ErrorRecord, StepRecord } from '../model/state.js';
import { type Cluster, emit, errorRecordOf, isCancelled, now } from './cluster-context.js';
import { stepEnded } from './metrics.js';
import { performers } from './phases/index.js';
import { traceStep, withinStep } from './spans.js';

export type Outcome = { kind: 'done' } | { kind: 'interrupted' } | { kind: 'failed'; error: ErrorRecord };

/**
 * Runs the steps of a plan, each as soon as the steps it stands on have succeeded. A step changes the state only when it has
 * succeeded. Between two steps is a safe point: when `stale` says that the wish has changed, no further step is begun, waits
 * are left, and what was begun is finished. `cluster.abort` cancels all at once; what must not be left half done shields itself.
 */
export async function execute(cluster: Cluster, plan: Plan, stale: () => boolean, attempt: number): Promise<Outcome> {
  const done = new Set<string>();
  const begun = new Set<string>();
  const waits = new Map<Step, CancellationScope>();
  const running = new Map<string, Promise<void>>();
  let error: ErrorRecord | null = null;
  let aborted = false;

  const begin = (step: Step, scope: CancellationScope): void => {
    begun.add(step.id);
    const task = scope
      .run(() => createEventGroup(step.phase, { id: step.phase }).withScope(() => perform(cluster, step, attempt)))
      .then(
        () => void done.add(step.id),
        (reason: unknown) => {
          if (isCancelled(reason)) return;
          error ??= errorRecordOf(reason, step, cluster.state.operation?.id ?? null, attempt);
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
    cluster.abort = () => {
      aborted = true;
      whole.cancel();
    };
    cluster.interrupt = (keep) => {
      for (const [step, scope] of waits) {
        if (step.kind !== 'agent' || !keep?.has(step.slot ?? '')) scope.cancel();
      }
    };
    for (;;) {
      if (!stale() && !aborted && error === null) {
        for (const step of stepsToBegin(plan.steps, begun, done)) {
          const scope = new CancellationScope({ cancellable: true, parent: whole });
          // A changed wish cuts these short.
          if (WAITS.has(step.kind)) waits.set(step, scope);
          begin(step, scope);
        }
      }
      if (running.size === 0) break;
      await CancellationScope.nonCancellable(() => Promise.race(running.values()));
    }
  }).finally(() => {
    cluster.abort = null;
    cluster.interrupt = null;
  });

  if (error !== null) return { kind: 'failed', error };
  return done.size === plan.steps.length ? { kind: 'done' } : { kind: 'interrupted' };
}

/** One step with its record in the operation, so that history, status and UI tell of it from its first moment. */
async function perform(cluster: Cluster, step: Step, attempt: number): Promise<void> {
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
  // What is under way is in the Web UI and the query at once; status.yaml tells it with the end of the step before it.
  cluster.present('glance');
  try {
    await withinStep(record, () => performers[step.kind](cluster, step));
    record.outcome = 'done';
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
    cluster.present();
  }
}
