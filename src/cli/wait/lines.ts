import type { StepRecord } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import { type Io, say } from '../io.js';
import { operationsOf } from '../views/history.js';
import { firstLine } from '../views/status.js';
import { between } from '../views/time.js';
import type { Progress } from './progress.js';

/** One line for each step that begins or ends, with the seconds since the wait began. */
export function createLines(io: Io, title: string): Progress {
  const started = Date.now();
  const told = new Map<string, string>();
  let phase = '';
  const tell = (text: string): void => say(io, `${((Date.now() - started) / 1_000).toFixed(1).padStart(6)}s ${text}`);
  tell(title);
  return {
    show(status) {
      if (status.phase !== phase) tell(`${status.name}: ${status.phase}`);
      phase = status.phase;
      for (const operation of operationsOf(status)) {
        // Only what happens from now on: older operations are history.
        if (Date.parse(operation.endedAt ?? operation.startedAt) < started - 60_000 && operation.outcome !== 'running')
          continue;
        for (const step of operation.steps) {
          const key = `${operation.id} ${step.id} ${step.startedAt}`;
          if (told.get(key) === step.outcome) continue;
          if (told.has(key) || step.outcome === 'running' || Date.parse(step.startedAt) >= started - 1_000)
            tell(lineOf(step));
          told.set(key, step.outcome);
        }
      }
    },
    note: tell,
    end: (_outcome, line) => {
      if (line !== null) tell(line);
      return Promise.resolve();
    },
  };
}

export function lineOf(step: StepRecord): string {
  const what = `${step.slot === null ? '' : `${step.slot}: `}${step.title}`;
  switch (step.outcome) {
    case 'running':
      return what;
    case 'done':
      return `${what}: done in ${between(step.startedAt, step.endedAt)}`;
    case 'cancelled':
      return `${what}: left`;
    case 'failed':
      return `${what}: failed: ${step.error === null ? 'unknown' : `${step.error.code}: ${firstLine(step.error.message)}`}`;
  }
}

/** What a status says of the work as a whole. */
export function headOf(status: StatusView): string {
  const { operation, waiting } = status;
  if (waiting !== null) return `${status.phase}: waits for ${waiting.for}`;
  if (operation === null) return status.phase;
  const done = operation.steps.filter((step) => step.outcome === 'done').length;
  return `${status.phase}: ${operation.kind}, step ${Math.min(done + 1, operation.stepsTotal)}/${operation.stepsTotal}`;
}
