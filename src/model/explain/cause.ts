import { MIRROR_READABLE } from '../checks/mirror.js';
import { OBSERVED } from '../checks/observed.js';
import { CLASS_ACTION } from '../errors/index.js';
import { foremost, type Retry } from '../retry.js';
import type { Condition, ErrorRecord, StepRecord } from '../state.js';
import type { NodeStatus, StatusView } from '../status.js';
import { firstOverdue } from './expected.js';
import { folded, type Root } from './folding.js';
import { heldBack } from './held-back.js';
import { hintFor } from './hints.js';
import { lossesIn } from './losses.js';
import { hintText } from './repair-text.js';

/** Why a cluster is not, or not yet, what was asked for. */
export interface Cause {
  /** Of the error or condition; null where nothing is wrong. */
  code: string | null;
  message: string;
  /** ISO 8601; null where it has no beginning. */
  since: string | null;
  /** What Keelson does about it. */
  keelson: string;
  /** When Keelson acts next, ISO 8601; null where that is now, or not known. */
  nextAt: string | null;
  /** What a person can do. */
  hints: string[];
}

/** What a condition says of itself, not of the cluster's health: named last. */
const BESIDE: ReadonlySet<string> = new Set(['StatusStored', 'InstanceTypesInSync', 'ConfigValid', 'InstancesOwned']);

export const isFalse = ({ status }: Condition): boolean => status === 'False';

/** A problem that a first observation has found and the next one confirms or not. */
export const SUSPECTED = 'Suspected';

/**
 * Returns the one cause to begin with: what holds up the step that runs now, before what a step has failed of, before what keeps the cluster from being
 * observed, before instances that are being replaced, before conditions that fail, before a mirror that the worker cannot read, before a step that takes too long.
 *
 * @param now milliseconds since 1970
 */
export function causeOf(status: StatusView, retries: readonly Retry[], now: number): Cause {
  const retry = foremost(retries.filter((one) => one.failures > 0));
  const error = openError(status);
  const roots = rootsOf(status);
  const ofStep = retry !== null && status.operation !== null;
  const cause =
    (ofStep && (error === null || retry.since > error.at) ? byRetry(status, retry) : null) ??
    (error === null ? null : byError(status, error)) ??
    (retry === null ? null : byRetry(status, retry)) ??
    byLoss(status, roots, retries, now) ??
    byCondition(status, roots) ??
    byMirror(status) ??
    byDelay(status, retries, now) ??
    bySuspicion(status) ??
    byOperation(status, retries) ??
    byFailedRequest(status) ??
    byRest(status);
  return status.paused && cause.code !== null
    ? {
        ...cause,
        keelson: 'does nothing: it is paused',
        nextAt: null,
        hints: [...cause.hints, `keelson resume ${status.name}`],
      }
    : cause;
}

/** Returns what fails, the observation first, each with what fails because of it. While an operation runs only what it does not cause counts. */
export function rootsOf(status: StatusView): Root[] {
  const roots = folded(status.conditions.filter(isFalse));
  const rank = ({ condition: { type } }: Root): number => (type === 'Observed' ? 0 : BESIDE.has(type) ? 2 : 1);
  return roots.sort((a, b) => rank(a) - rank(b));
}

/**
 * Returns the last error, as long as it keeps anything from going on: of the operation under way, until the step that has failed succeeds, or of what is
 * held back for a person.
 */
export function openError({ operation, lastError: latest }: StatusView): ErrorRecord | null {
  const lastError = latest === null ? null : causing(operation, latest);
  if (lastError === null) return null;
  if (lastError.operation === null) return operation === null ? lastError : null;
  if (operation === null || lastError.operation !== operation.id) return null;
  const isMet = operation.steps.some(
    (step) => step.id === lastError.step && step.outcome === 'done' && (step.endedAt ?? '') >= lastError.at,
  );
  return isMet ? null : lastError;
}

/** A join has failed because no server is there: why that is so, another step of the operation says. */
const CONSEQUENCES: ReadonlySet<string> = new Set(['NoServerUp']);

function causing(operation: StatusView['operation'], latest: ErrorRecord): ErrorRecord {
  if (!CONSEQUENCES.has(latest.code) || operation?.id !== latest.operation) return latest;
  const others = operation?.steps.flatMap(({ error }) =>
    error === null || CONSEQUENCES.has(error.code) ? [] : [error],
  );
  return others?.at(-1) ?? latest;
}

function byRetry(status: StatusView, retry: Retry): Cause {
  const times = retry.attempt > 1 ? `attempt ${retry.attempt}` : `failed ${retry.failures} time(s)`;
  return {
    code: retry.code,
    message: retry.message,
    since: retry.since,
    keelson: `${CLASS_ACTION[retry.class]} (${times})`,
    nextAt: retry.nextAt,
    hints: [hintOf(status, retry.code, retry.message, retry.hint, slotsIn(status, retry.message))],
  };
}

function byError(status: StatusView, error: ErrorRecord): Cause {
  const { operation, waiting } = status;
  const running = operation?.steps.find((step) => step.id === error.step && step.outcome === 'running');
  const first = operation?.steps.find((step) => step.error?.code === error.code)?.error?.at ?? error.at;
  const isHeld = error.class === 'invalid' || error.class === 'auth';
  return {
    code: error.code,
    message: error.message,
    since: first,
    keelson:
      running !== undefined
        ? error.at > running.startedAt
          ? 'goes on with the step, which fails at its own limit'
          : `tries again now (attempt ${error.attempt + 1})`
        : error.operation === null
          ? (heldBack(status) ?? 'waits for a person')
          : `${CLASS_ACTION[error.class]} (attempt ${error.attempt} failed)`,
    nextAt: running !== undefined ? null : (waiting?.until ?? null),
    hints: [
      hintOfError(status, error),
      ...(isHeld ? [`then \`keelson apply\`, or \`keelson retry ${status.name}\` to try at once`] : []),
    ],
  };
}

/** Returns why nodes are being replaced, or which step of that takes too long. */
function byLoss(status: StatusView, roots: readonly Root[], retries: readonly Retry[], now: number): Cause | null {
  const { operation, nodes, waiting, desiredState } = status;
  if (operation === null || desiredState !== 'running' || roots[0]?.condition.type === OBSERVED) return null;
  const losses = lossesIn(nodes);
  if (losses === null) return null;
  const running = operation.steps.findLast((step) => step.outcome === 'running');
  const { code, message, since, hint } = losses;
  return (
    byDelay(status, retries, now) ?? {
      code,
      message,
      since,
      keelson: running === undefined ? 'replaces it' : `repairs it now: ${titleOf(running)}`,
      nextAt: running === undefined ? (waiting?.until ?? null) : null,
      hints: hint === '' ? [] : [hintOf(status, code, message, hint, [])],
    }
  );
}

function byCondition(status: StatusView, roots: readonly Root[]): Cause | null {
  const [first] = roots;
  if (first === undefined) return null;
  const { operation } = status;
  // A change that Keelson makes itself takes nodes down for a moment: that condition is not the cause.
  if (operation !== null && operation.kind !== 'repair' && first.condition.type !== 'Observed') return null;
  const { condition } = first;
  const running = operation?.steps.findLast((step) => step.outcome === 'running');
  return {
    code: condition.type,
    message: condition.message,
    since: condition.since,
    keelson: running === undefined ? hintText(status, condition) : `repairs it now: ${titleOf(running)}`,
    nextAt: running === undefined ? (status.waiting?.until ?? null) : null,
    hints: [hintOf(status, condition.type, condition.message, condition.hint, condition.slots ?? [])],
  };
}

/** Returns what the nodes are about to need, and the worker could not read: nodes that cannot read it either say so only after several tries. */
function byMirror(status: StatusView): Cause | null {
  const condition = status.conditions.find(({ type }) => type === MIRROR_READABLE);
  if (condition === undefined || status.operation === null) return null;
  const { type: code, message, since, hint } = condition;
  const keelson = 'goes on, because nodes may reach a mirror that the worker does not; a node that cannot says so';
  return { code, message, since, keelson, nextAt: null, hints: [hintOf(status, code, message, hint, [])] };
}

/** Returns a step that takes longer than is usual; what it waits for is in its activity's heartbeats. */
function byDelay(status: StatusView, retries: readonly Retry[], now: number): Cause | null {
  const { operation, operations } = status;
  const known = operation === null ? operations : [...operations, operation];
  const overdue = firstOverdue(operation?.steps ?? [], known, now);
  if (overdue === null) return null;
  const wait = foremost(retries);
  const {
    step: late,
    expected: { seconds, runs },
  } = overdue;
  const usual = runs === 0 ? `${seconds} s as a rule` : `${Math.ceil(seconds)} s at most in its last ${runs} run(s)`;
  const slots = late.slot === null ? [] : [late.slot];
  return {
    code: 'StepOverdue',
    message: `${titleOf(late)} runs since ${late.startedAt}, and takes ${usual}${wait === null ? '' : `; ${wait.message}`}`,
    since: late.startedAt,
    keelson: 'goes on waiting; the step fails at its own limit, and is tried again then',
    nextAt: wait?.nextAt ?? null,
    hints: [
      hintOf(
        status,
        wait?.code ?? 'NodeScriptTimedOut',
        wait?.message ?? late.title,
        wait?.hint ?? 'look at the node',
        slots,
      ),
    ],
  };
}

/** What one observation has seen: named at once, and acted on only when the next one agrees. */
function bySuspicion(status: StatusView): Cause | null {
  if (status.operation !== null) return null;
  const [first, ...others] = status.suspected ?? [];
  if (first === undefined) return null;
  const more = others.length === 0 ? '' : `; and ${others.map(({ of, message }) => `${of}: ${message}`).join('; ')}`;
  return {
    code: SUSPECTED,
    message: `${first.of}: ${first.message}, seen once${more}`,
    since: first.since,
    keelson: 'looks again before it acts, within a minute',
    nextAt: null,
    hints: [],
  };
}

/** Returns what nothing is wrong with yet; a wait that has lasted a while is named at once, since it may become the cause. */
function byOperation({ operation, nodes }: StatusView, retries: readonly Retry[]): Cause | null {
  if (operation === null) return null;
  const running = operation.steps.filter((step) => step.outcome === 'running');
  const wait = foremost(retries);
  const slots = wait === null ? [] : nodes.filter((node) => names(wait, node)).map(({ slot }) => slot);
  return {
    code: null,
    message: `${operation.kind} is under way (${operation.reason})${wait === null ? '' : `: ${slots.map((slot) => `${slot}: `).join('')}${wait.message}`}`,
    since: operation.startedAt,
    keelson: running.length === 0 ? 'begins the next step' : running.map(titleOf).join('; '),
    nextAt: null,
    hints: [],
  };
}

/** Returns why the last request has failed, where Keelson does not try it again: the cluster itself is well then. */
function byFailedRequest({ name, operation, operations }: StatusView): Cause | null {
  const last = operation === null ? operations.findLast(({ kind }) => kind !== 'repair') : undefined;
  const error = last?.outcome === 'failed' ? last.steps.findLast((step) => step.error !== null)?.error : undefined;
  if (last === undefined || error == null) return null;
  return {
    code: error.code,
    message: error.message,
    since: last.endedAt ?? error.at,
    keelson: `does not try the ${last.kind} again automatically; nothing else is wrong`,
    nextAt: null,
    hints: [error.hint, ...(last.kind === 'backup' ? [`then \`keelson backup ${name}\``] : [])],
  };
}

function byRest(status: StatusView): Cause {
  const { waiting, desiredState, paused, conditions, name } = status;
  const quiet = { code: null, since: null, nextAt: waiting?.until ?? null, hints: [] };
  if (paused)
    return {
      ...quiet,
      message: 'it is paused: nothing is done until `keelson resume`',
      keelson: 'does nothing',
      hints: [`keelson resume ${name}`],
    };
  if (waiting !== null)
    return { ...quiet, message: `it waits for ${waiting.for}`, since: waiting.since, keelson: 'waits' };
  if (desiredState === 'stopped') return { ...quiet, message: 'it is stopped, as asked', keelson: 'keeps it stopped' };
  const unmeasured = conditions.filter(({ status: is, reason }) => is === 'Unknown' && reason !== 'Stopped').length;
  const keelson = 'observes it, within a minute each time';
  return unmeasured === 0
    ? { ...quiet, message: 'it is what was asked for', keelson }
    : { ...quiet, message: `nothing is known to be wrong; ${unmeasured} condition(s) are not measured yet`, keelson };
}

/** Returns whether a retry is about a node: its text names the instance. */
export const names = ({ message }: Retry, { instanceId }: Pick<NodeStatus, 'instanceId'>): boolean =>
  instanceId !== null && message.includes(instanceId);

const titleOf = ({ slot, title }: StepRecord): string => `${slot === null ? '' : `${slot}: `}${title}`;

const slotsIn = ({ nodes }: StatusView, text: string): string[] =>
  nodes
    .filter(({ slot, instanceId }) => text.includes(slot) || (instanceId !== null && text.includes(instanceId)))
    .map(({ slot }) => slot);

/** Returns the hint of an error, about this very cluster. */
export const hintOfError = (status: StatusView, { code, message, hint, slot }: ErrorRecord): string =>
  hintOf(status, code, message, hint, slot === null ? slotsIn(status, message) : [slot]);

/** Returns a hint about this very cluster. */
export function hintOf(
  status: StatusView,
  code: string,
  message: string,
  hint: string,
  slots: readonly string[],
): string {
  const nodes = status.nodes.filter(({ slot }) => slots.includes(slot));
  const instanceIds = nodes.flatMap(({ instanceId }) => instanceId ?? []);
  const nodeNames = nodes.map((node) => node.name);
  const servers = status.nodes.filter(({ role }) => role === 'server');
  const server = (servers.find(({ ready }) => ready === 'True') ?? servers[0])?.slot ?? null;
  return hintFor({
    cluster: status.name,
    region: status.region,
    account: status.account ?? null,
    code,
    message,
    slots,
    instanceIds,
    nodeNames,
    server,
    hint,
  });
}
