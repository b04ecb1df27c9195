import { CancellationScope, createEventGroup } from '@temporalio/workflow';
import { stepsToBegin } from '../../../model/plan/budget.js';
import { type Plan, type Step, WAITS } from '../../../model/plan/index.js';
import type { ErrorRecord, StepRecord } from '../../../model/state.js';
import { errorRecordOf, isCancelled } from '../../lib/errors.js';
import { type Cluster, emit, now } from '../context.js';
import { stepHandlers } from '../steps/index.js';
import { gatherLaunches } from '../steps/launch-group.js';
import { beginLeaving, isLeavable } from './leave.js';
import { stepEnded } from './metrics.js';
import { traceStep, withinStep } from './spans.js';

export type Outcome = { kind: 'done' } | { kind: 'interrupted' } | { kind: 'failed'; error: ErrorRecord };

/**
 * Runs the steps of a plan, each as soon as the steps that it depends on have succeeded. A step changes the state only when it has
 * succeeded. Between two steps is a safe point: when the plan is obsolete, no further step begins, waits end,
 * and running steps finish. When the history is to be continued in a new one, agents' steps that wait or whose work is on a node are left: the next history
 * takes them up. A step beside the others that fails ends only what waits for it; the plan has failed when the rest has ended. `cluster.control.cancel` cancels all at once; a step that must not stop half-way shields itself.
 */
export async function execute(cluster: Cluster, plan: Plan, ends: Ends, attempt: number): Promise<Outcome> {
  // What opened the gate for an earlier plan says nothing here.
  cluster.observations.passed = null;
  const done = new Set<string>();
  const begun = new Set<string>();
  const waits = new Map<Step, CancellationScope>();
  const leavable = new Set<CancellationScope>();
  const running = new Map<string, Promise<void>>();
  // Steps that have begun hold a share of their budget. Without budgets they say nothing about the others, and there may be a thousand of them.
  const sharesBudgets = plan.steps.some(({ budget }) => budget !== undefined);
  let left: readonly Step[] = plan.steps;
  let error: ErrorRecord | null = null;
  let errorBeside: ErrorRecord | null = null;
  let aborted = false;
  let stepEnds: () => void = () => undefined;

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
        leavable.delete(scope);
        stepEnds();
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
      const goesOn = !aborted && error === null && !ends.obsolete();
      if (goesOn && ends.renews()) {
        if (!cluster.control.leaving) beginLeaving(cluster);
        for (const scope of leavable) scope.cancel();
      } else if (goesOn) {
        const beginning = stepsToBegin(sharesBudgets ? plan.steps : left, begun, done);
        gatherLaunches(cluster, beginning);
        for (const step of beginning) {
          const scope = new CancellationScope({ cancellable: true, parent: whole });
          // A changed desired state cuts these short.
          if (WAITS.has(step.kind)) waits.set(step, scope);
          if (isLeavable(step)) leavable.add(scope);
          begin(step, scope);
        }
        if (beginning.length > 0) left = left.filter(({ id }) => !begun.has(id));
      }
      if (running.size === 0) break;
      // Not a race of all that run: it adds a promise to each of them whenever one ends, 40,000 when 200 end.
      await new Promise<void>((resolve) => {
        stepEnds = resolve;
      });
    }
  }).finally(() => {
    cluster.control.cancel = null;
    cluster.control.interruptWaits = null;
  });

  const failed = error ?? errorBeside;
  if (failed !== null) return { kind: 'failed', error: failed };
  return done.size === plan.steps.length ? { kind: 'done' } : { kind: 'interrupted' };
}

/** What keeps further steps of a plan from beginning. */
export interface Ends {
  /** The desired state has changed, or a step has learnt that another plan is needed. */
  obsolete: () => boolean;
  /** The history is to be continued in a new one. */
  renews: () => boolean;
}

/** Runs one step and keeps its record in the operation, so that history, status and UI show it from its first moment. */
async function runStep(cluster: Cluster, step: Step, attempt: number): Promise<void> {
  const record = recordOf(cluster, step);
  // The Web UI and the query show the step at once; status.yaml shows it with the end of the step before it.
  cluster.status.publish('step-begins');
  try {
    await withinStep(record, () => stepHandlers[step.kind](cluster, step));
    // A step may end its operation without throwing: Keelson does not retry a final failure, and counts it against no breaker.
    record.outcome = record.error === null ? 'done' : 'failed';
    if (record.outcome === 'done')
      emit(cluster, 'Normal', 'StepDone', `${step.slot ? `${step.slot}: ` : ''}${step.title}`);
  } catch (reason) {
    // The next history takes the step up, and its record with it.
    if (cluster.control.leaving && isCancelled(reason) && isLeavable(step)) throw reason;
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
    if (record.outcome !== 'running') {
      record.endedAt = now();
      stepEnded(record, cluster.state.document.spec.region);
      traceStep(record, cluster.state);
      cluster.status.publish();
    }
  }
}

/** Returns the record of a step that begins: a new one, or that of the step that an earlier history has left. */
function recordOf({ state }: Cluster, { id, kind, phase, slot, title }: Step): StepRecord {
  const left = state.operation?.steps.find((one) => one.id === id && one.outcome === 'running');
  if (left !== undefined) return left;
  const record: StepRecord = {
    id,
    kind,
    phase,
    slot,
    title,
    startedAt: now(),
    endedAt: null,
    outcome: 'running',
    error: null,
  };
  state.operation?.steps.push(record);
  return record;
}
