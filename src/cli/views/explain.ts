import type { ErrorRecord, Waiting } from '../../model/state.js';
import type { StatusView } from '../../model/status.js';
import type { Colors } from '../io.js';
import { isFailing } from './conditions.js';
import { heldBack } from './held-back.js';
import { moment } from './time.js';

/** Why a cluster is not (yet) what was asked. */
export interface Explanation {
  cluster: string;
  phase: string;
  health: string;
  /** In a sentence. */
  summary: string;
  underWay: string[];
  waiting: string | null;
  failing: { condition: string; reason: string; message: string; advice: string }[];
  lastError: { code: string; message: string; where: string; advice: string; at: string } | null;
}

/** @param isUnattended no worker answers: then that is the cause, and what is not measured is no reason beside it */
export function explain(status: StatusView, isUnattended = false): Explanation {
  const { operation, waiting, lastError } = status;
  const failing = isUnattended ? [] : status.conditions.filter(isFailing);
  return {
    cluster: status.name,
    phase: status.phase,
    health: status.health,
    summary: isUnattended
      ? 'no worker answers, so nothing measures, repairs or changes it'
      : summaryOf(status, failing.length),
    underWay: (operation?.steps ?? [])
      .filter((step) => step.outcome === 'running')
      .map((step) => `${step.slot === null ? '' : `${step.slot}: `}${step.title}, since ${moment(step.startedAt)}`),
    waiting: waiting === null ? null : waitingOf(waiting, lastError),
    failing: failing.map(({ type, reason, message, advice }) => ({ condition: type, reason, message, advice })),
    lastError:
      lastError === null
        ? null
        : {
            code: lastError.code,
            message: lastError.message,
            where: [lastError.operation, lastError.step, `attempt ${lastError.attempt}`]
              .filter((part) => part !== null)
              .join(', '),
            advice: lastError.advice,
            at: lastError.at,
          },
  };
}

/** Where it waits for a person it says why, which the last error says too. */
function waitingOf({ for: what, until }: Waiting, lastError: ErrorRecord | null): string {
  const brief = lastError === null ? what : what.replace(`: ${lastError.message}`, '');
  return `${brief}${until === null ? '' : `, until ${moment(until)}`}`;
}

function summaryOf(status: StatusView, failing: number): string {
  const { operation, lastError } = status;
  if (status.paused) return 'it is paused: nothing is done until `keelson resume`';
  const why = heldBack(status);
  if (why !== null) return why;
  if (status.phase === 'Failed') {
    const { class: errorClass } = lastError ?? {};
    return errorClass === 'invalid' || errorClass === 'auth'
      ? 'it cannot go on until something is changed; then `keelson apply`, or `keelson retry` to try at once'
      : 'the operation failed too often; it is tried again by itself, or at once by `keelson retry`';
  }
  if (operation !== null) return `${operation.kind} is under way (${operation.reason})`;
  if (failing > 0) return `${failing} condition(s) do not hold`;
  return status.wish === 'stopped' ? 'it is stopped, as asked' : 'it is what was asked for';
}

export function explanationText(one: Explanation, colors: Colors): string {
  const lines = [`${colors.bold(one.cluster)} is ${one.phase}, ${one.health}: ${one.summary}`];
  for (const what of one.underWay) lines.push(`  under way: ${what}`);
  if (one.waiting !== null) lines.push(`  waits for ${one.waiting}`);
  if (one.lastError !== null) {
    const { code, message, where, advice, at } = one.lastError;
    lines.push(`  ${colors.red(`last error ${code}`)} at ${moment(at)} in ${where}:`);
    for (const line of message.split('\n')) lines.push(`    ${line}`);
    lines.push(`    -> ${advice}`);
  }
  for (const { condition, message, advice } of one.failing) {
    lines.push(`  ${colors.yellow(condition)}: ${message}${advice === '' ? '' : ` -> ${advice}`}`);
  }
  return lines.join('\n');
}
