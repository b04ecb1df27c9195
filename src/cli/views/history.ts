import type { Operation } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen, wrapped } from '../screen.js';
import { firstLine, senderOf } from './status.js';
import { table } from './table.js';
import { between, moment } from './time.js';

/** Operations and their steps: who asked, when, how long, outcome. */
export function historyText(status: StatusView, colors: Colors, now = Date.now(), screen: Screen = PLAIN): string {
  const operations = operationsOf(status);
  if (operations.length === 0) return `${status.name}: no operation yet`;
  return operations.map((one) => operationText(one, colors, now, screen)).join('\n\n');
}

/** Oldest first, the one under way last. */
export const operationsOf = (status: StatusView): Operation[] =>
  status.operation === null ? status.operations : [...status.operations, status.operation];

/** With the longest texts last: there they wrap. */
const HEAD = [{ name: 'phase', spare: 1 }, 'slot', 'took', 'outcome', 'step'];
const INDENT = 2;

function operationText(operation: Operation, colors: Colors, now: number, screen: Screen): string {
  const took = between(operation.startedAt, operation.endedAt, now);
  const head = `${colors.bold(operation.kind)} ${operation.id}: ${painted(operation.outcome, colors)}, ${moment(operation.startedAt)}, ${took}, asked for by ${senderOf(operation)}`;
  const lines = [head, ...reasonsOf(operation).map((reason) => `  ${reason}`)].map((line) =>
    wrapped(line, screen.columns),
  );
  if (operation.steps.length === 0) return [...lines, '  (its steps are no longer kept)'].join('\n');
  const rows = operation.steps.map((step) => [
    step.phase,
    step.slot,
    between(step.startedAt, step.endedAt, now),
    painted(step.outcome, colors),
    step.error === null ? step.title : `${step.title}: ${step.error.code}: ${firstLine(step.error.message)}`,
  ]);
  const columns = screen.columns === null ? null : screen.columns - INDENT;
  const steps = table(HEAD, rows, { ...screen, columns });
  return [...lines, ...steps.split('\n').map((line) => `${' '.repeat(INDENT)}${line}`)].join('\n');
}

/** A repair may have several, one after the other. [model/plan] */
const reasonsOf = ({ reason }: Operation): string[] => reason.split('; ');

function painted(outcome: Operation['outcome'], colors: Colors): string {
  if (outcome === 'done') return colors.green(outcome);
  return outcome === 'failed' || outcome === 'rolledBack' ? colors.red(outcome) : colors.yellow(outcome);
}
