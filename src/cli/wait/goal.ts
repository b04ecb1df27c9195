import { hintOfError } from '../../model/explain/cause.js';
import { heldBack } from '../../model/explain/held-back.js';
import type { StatusView } from '../../model/status.js';
import { CliError, EXIT } from '../exit.js';

/** What an observation of a cluster says about the wait for it. */
export type WaitResult = { kind: 'waiting' } | { kind: 'reached' } | { kind: 'failed'; error: CliError };

const WAITING: WaitResult = { kind: 'waiting' };

/**
 * Returns whether the desired state of this generation, or a later one, has come true: nothing is under way and the workflow has observed it.
 *
 * @param operationId the operation that the request was given; its outcome decides, where it had one
 */
export function judge(
  status: StatusView,
  generation: number,
  operationId: string | null,
  now = Date.now(),
): WaitResult {
  const ended = status.operations.find((one) => one.id === operationId);
  if (ended?.outcome === 'rolledBack' || ended?.outcome === 'failed') {
    // What the operation failed of: by now the cluster is healthy again and has no last error.
    const error = ended.steps.findLast((step) => step.error !== null)?.error ?? status.lastError;
    return failed(status, `${ended.kind} of ${status.name} ended as ${ended.outcome}`, error);
  }
  if (status.phase === 'Failed') return failed(status, `${status.name} failed`);
  const isIdle = status.operation === null;
  if (isIdle && status.observedGeneration >= generation) {
    if (heldBack(status) !== null) return failed(status, `${status.name} is not as asked for`);
    return isBeingMeasured(status, now) ? WAITING : { kind: 'reached' };
  }
  const isHeld = status.paused && status.operation?.steps.every((step) => step.outcome !== 'running') !== false;
  if (isHeld) {
    return {
      kind: 'failed',
      error: new CliError(EXIT.failed, `${status.name} is paused: nothing is done`, `keelson resume ${status.name}`),
    };
  }
  return WAITING;
}

/** The first observation after an operation takes seconds; who waits gets to see what it has found. */
const MEASURED_MS = 20_000;

function isBeingMeasured({ desiredState, conditions, operations }: StatusView, now: number): boolean {
  const endedAt = operations.at(-1)?.endedAt;
  if (desiredState !== 'running' || endedAt == null || now - Date.parse(endedAt) > MEASURED_MS) return false;
  return conditions.some((one) => one.status === 'Unknown' && one.reason === 'NotMeasured');
}

/** Returns whether a paused cluster has come to rest. */
export function judgePause(status: StatusView): WaitResult {
  const rests = status.operation?.steps.every((step) => step.outcome !== 'running') ?? true;
  return status.paused && rests ? { kind: 'reached' } : WAITING;
}

/** Longer than the back-off between two tries: then the breaker of the delete is open. [model/breaker.ts] */
const LONG_MS = 2 * 60_000;

/**
 * Returns whether a delete still gets on. Its end is the end of the workflow, not a status; one that is held up goes on trying, but
 * too seldom to be waited for.
 */
export function judgeDelete(status: StatusView, now = Date.now()): WaitResult {
  const until = status.waiting?.until;
  const isHeld = until !== null && until !== undefined && Date.parse(until) - now > LONG_MS;
  // An error of the time before the delete holds nothing up.
  const isOwn = status.operation?.kind === 'delete' && status.lastError?.operation === status.operation.id;
  return isHeld && isOwn ? failed(status, `the delete of ${status.name} is held up until ${until}`) : WAITING;
}

function failed(status: StatusView, what: string, lastError = status.lastError): WaitResult {
  if (lastError === null)
    return { kind: 'failed', error: new CliError(EXIT.failed, what, `keelson explain ${status.name}`) };
  const where = lastError.slot === null ? '' : ` on ${lastError.slot}`;
  return {
    kind: 'failed',
    error: new CliError(
      EXIT.failed,
      `${what}: ${lastError.code}${where}: ${lastError.message}`,
      hintOfError(status, lastError),
    ),
  };
}
