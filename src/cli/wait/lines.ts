import { expectedOf, isOverdue } from '../../model/explain/expected.js';
import type { Operation, StepRecord } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import { type Io, say } from '../io.js';
import { operationsOf } from '../views/history.js';
import { firstLine } from '../views/status.js';
import { knownOperations, stepName, stepTimes, usually } from '../views/steps.js';
import { age, between } from '../views/time.js';
import type { Progress } from './progress.js';

/** Returns one line for each step that begins, ends, or takes longer than usual, with the seconds since the wait began. */
export function createLines(io: Io, title: string): Progress {
  const started = Date.now();
  const printed = new Map<string, string>();
  const late = new Set<string>();
  let phase = '';
  const print = (text: string): void => say(io, `${((Date.now() - started) / 1_000).toFixed(1).padStart(6)}s ${text}`);
  print(title);
  return {
    show(status) {
      if (status.phase !== phase) print(`${status.name}: ${status.phase}`);
      phase = status.phase;
      const known = knownOperations(status);
      for (const operation of operationsOf(status)) {
        // Only what happens from now on: older operations are history.
        if (Date.parse(operation.endedAt ?? operation.startedAt) < started - 60_000 && operation.outcome !== 'running')
          continue;
        for (const step of operation.steps) {
          const key = `${operation.id} ${step.id} ${step.startedAt}`;
          if (printed.get(key) === step.outcome) {
            if (late.has(key) || !isOverdue(step, expectedOf(step.kind, known), Date.now())) continue;
            late.add(key);
            print(`${stepName(step)}: ${stepTimes(step, known, Date.now())}`);
            continue;
          }
          if (printed.has(key) || step.outcome === 'running' || Date.parse(step.startedAt) >= started - 1_000)
            print(lineOf(step, known, isAgain(operation, step)));
          printed.set(key, step.outcome);
        }
      }
    },
    note: print,
    end: (_outcome, line) => {
      if (line !== null) print(line);
      return Promise.resolve();
    },
  };
}

/** Whether the operation has failed of the step before: as it goes back, it may succeed with what was there before. */
const isAgain = (operation: Operation, step: StepRecord): boolean =>
  operation.steps.some((one) => one.id === step.id && one.outcome === 'failed' && one.startedAt < step.startedAt);

function lineOf(step: StepRecord, known: readonly Operation[], again: boolean): string {
  const what = `${stepName(step)}${again ? ', again' : ''}`;
  switch (step.outcome) {
    case 'running':
      return `${what} (usually ${usually(expectedOf(step.kind, known))})`;
    case 'done':
      return `${what}: done in ${between(step.startedAt, step.endedAt)}`;
    case 'cancelled':
      return `${what}: cancelled`;
    case 'failed':
      return `${what}: failed: ${step.error === null ? 'unknown' : `${step.error.code}: ${firstLine(step.error.message)}`}`;
  }
}

/**
 * Returns what a status says of the work as a whole.
 *
 * @param now milliseconds since 1970
 */
export function headOf(status: StatusView, now: number): string {
  const { operation, waiting } = status;
  if (waiting !== null) return `${status.phase}: waits for ${waiting.for}`;
  if (operation === null) return status.phase;
  const done = operation.steps.filter((step) => step.outcome === 'done').length;
  return `${status.phase}: ${operation.kind}, step ${Math.min(done + 1, operation.stepsTotal)}/${operation.stepsTotal}, for ${age(operation.startedAt, now)}`;
}
