import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { accountKey } from '../../model/account-role.js';
import { readConfigProblem } from '../../model/config-problem.js';
import { diffDocuments } from '../../model/diff.js';
import { fingerprint } from '../../model/k3s/fingerprint.js';
import { versionsInUse } from '../../model/k3s/installed.js';
import { type Plan, plan } from '../../model/plan/index.js';
import { decide, REQUESTS, type RequestName } from '../../model/requests/decide.js';
import type { Decision } from '../../model/requests/decision.js';
import { KEELSON } from '../../model/requests/sender.js';
import { ROTATIONS } from '../../model/rotation/state.js';
import { pathText } from '../../model/spec/violation.js';
import type { ClusterState } from '../../model/state.js';
import { statusOf } from '../../model/status.js';
import { answerCallStack } from '../lib/call-stack.js';
import { type Cluster, emit, now, shortId } from './context.js';
import { afterResults } from './in-turn.js';
import {
  type Accepted,
  configSignal,
  documentQuery,
  drilledSignal,
  eventsQuery,
  planQuery,
  reconcileSignal,
  signals,
  statusQuery,
  updates,
} from './messages.js';
import { onReconcile } from './observe/region-report.js';
import { waitsFor } from './status/web-ui.js';
import { onDrilled } from './steps/drilling.js';

/** How many request ids the state keeps: a request and its repetition are minutes apart, with few others between them. */
const REQUESTS_KEPT = 20;

const DESCRIPTIONS: Record<RequestName, string> = {
  stop: 'Stop the cluster: agents, then servers one by one, a snapshot first. {}',
  start: 'Start a stopped cluster. {}',
  resize:
    'Another instance type, a node at a time. {"instanceType": "t3.large", "pool": "workers"}; without pool: the servers',
  apply: 'Another document is wanted. {"document": {...}}',
  delete: 'Delete the cluster, its disks and all that was made for it. {"confirm": "<name of the cluster>"}',
  pause: 'Do nothing until resume; what was begun is finished. {}',
  resume: 'Go on after pause. {}',
  retry: 'Try again at once: close breakers, cut waits short. {}',
  withdraw: 'Take back the last request, while no operation has begun for it. {}',
  backup: 'Save an etcd snapshot to the bucket now. {}',
  restore:
    'Restore a backup in place; what was written since is lost. {"confirm": "<name of the cluster>", "from": "2026-03-01T12-00-00Z"}; without from: the newest',
  drill: 'Restore the newest backup on a machine of its own, which is terminated afterwards. {}',
  rotate: `Replace a secret while the cluster serves, one server at a time. {"what": "${ROTATIONS.join(' | ')}"}; with "cancel": true ends one under way where that is safe.`,
  repair: 'Do now what repairs are held back, by autoRepair: false or the replacement rate limit. {}',
};

/** Registers all handlers before the first await: Temporal refuses an update without a handler. [Temporal docs: message passing] */
export function registerHandlers(cluster: Cluster): void {
  answerCallStack(() => waitsFor(statusOf(cluster.state)));
  setHandler(statusQuery, () => cluster.status.view(), {
    description: 'The cluster as it stands: phase, nodes, conditions, operation',
  });
  setHandler(eventsQuery, () => cluster.state.events, { description: 'The last 100 events, oldest first' });
  setHandler(documentQuery, () => cluster.state.document, {
    description: 'The document in force, with its defaults',
  });
  setHandler(planQuery, (request) => planWith(cluster, request), {
    description:
      'What would be done now, after apply of {"document": {...}}, or after rotate of {"what": "..."}: steps with reason and disruption',
  });
  setHandler(reconcileSignal, (payload) => onReconcile(cluster, payload), {
    description: 'Look at instances and nodes now, and repair what is not as wanted. {"reason": "..."}',
  });
  setHandler(configSignal, (payload) => onConfig(cluster, payload), {
    description: 'What is wrong with config.yaml in the bucket; sent by the worker that reads its events',
  });
  setHandler(drilledSignal, (payload) => onDrilled(cluster, payload), {
    description: 'How a drill of a backup has ended; sent by its workflow',
  });
  for (const name of REQUESTS) {
    setHandler(signals[name], (payload) => onSignal(cluster, name, payload), { description: DESCRIPTIONS[name] });
    const answer = async (payload: unknown): Promise<Accepted> => {
      await afterResults();
      return onUpdate(cluster, name, payload);
    };
    setHandler(updates[name], answer, {
      description: DESCRIPTIONS[name],
      // Synchronous: an async validator does not refuse, it fails the workflow task in a loop. [measured]
      validator: (payload) => validate(cluster, name, payload),
    });
  }
}

/** The document in the bucket is not in force: a condition says so, and nothing else changes. */
function onConfig(cluster: Cluster, payload: unknown): void {
  const problem = readConfigProblem(payload);
  const { state } = cluster;
  if (problem?.message === state.configProblem?.message) return;
  state.configProblem = problem;
  if (problem !== null) emit(cluster, 'Warning', `Config${problem.reason}`, problem.message);
  cluster.status.publish();
}

export const withId = (one: Plan): Plan & { id: string } => ({ ...one, id: fingerprint(JSON.stringify(one)) });

function planWith(cluster: Cluster, request: unknown): Plan & { id: string } {
  const { state } = cluster;
  if (request === undefined || request === null) return withId(plan(state, now()));
  const decision = decide(state, isRotation(request) ? 'rotate' : 'apply', request);
  if (decision.outcome === 'refused') throw failureOf(decision);
  const next = decision.outcome === 'accepted' ? { ...state, ...decision.change } : state;
  const notes = diffDocuments(state.document, next.document, versionsInUse(state))
    .filter((change) => change.class === 'nothing')
    .map(({ path, reason }) => `${pathText(path)}: ${reason}`);
  // Outside of the id, which identifies the steps alone.
  return { ...withId(plan(next, now())), ...(notes.length > 0 && { notes }) };
}

const isRotation = (request: unknown): boolean => typeof request === 'object' && request !== null && 'what' in request;

/** @throws ApplicationFailure with the reason, when the workflow refuses the request; the state stays as it is */
function validate(cluster: Cluster, name: RequestName, payload: unknown): void {
  if (isRepeated(cluster, name, payload)) return;
  const decision = decide(cluster.state, name, payload);
  if (decision.outcome === 'refused') throw failureOf(decision);
  const planId = name === 'apply' ? textOf(payload, 'planId') : null;
  if (planId === null) return;
  const next = decision.outcome === 'accepted' ? { ...cluster.state, ...decision.change } : cluster.state;
  const actual = withId(plan(next, now())).id;
  if (actual !== planId) {
    throw ApplicationFailure.nonRetryable(
      `the plan has changed since it was shown (${planId} then, ${actual} now): look at it again`,
      'Refused',
    );
  }
}

/**
 * Returns whether the workflow has heard this request before. A repetition must not undo a later request, such as a stop: the bucket
 * repeats events, and a sender repeats a request as a signal when no worker answers its update.
 */
function isRepeated({ state }: Cluster, name: RequestName, payload: unknown): boolean {
  const requestId = textOf(payload, 'requestId');
  if (requestId !== null && state.heardRequests.includes(requestId)) return true;
  return name === 'apply' && configVersionOf(payload) !== null && configVersionOf(payload) === state.configVersion;
}

const textOf = (payload: unknown, field: string): string | null => {
  const value = typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>)[field] : null;
  return typeof value === 'string' ? value.slice(0, 200) : null;
};

const configVersionOf = (payload: unknown): string | null => textOf(payload, 'configVersion');

const failureOf = (decision: Extract<Decision, { outcome: 'refused' }>): ApplicationFailure =>
  ApplicationFailure.nonRetryable(decision.message, decision.type, ...decision.problems);

/** Handles a signal. A signal has no answer: what is wrong with it becomes an event and never an exception. */
function onSignal(cluster: Cluster, name: RequestName, payload: unknown): void {
  if (isRepeated(cluster, name, payload)) return;
  try {
    validate(cluster, name, payload);
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    emit(cluster, 'Warning', 'RequestRejected', `signal ${name}: ${error.message}`);
    cluster.status.publish();
    return;
  }
  take(cluster, name, payload, requesterOf(payload, `signal ${name}`));
}

function onUpdate(cluster: Cluster, name: RequestName, payload: unknown): Accepted {
  if (isRepeated(cluster, name, payload))
    return accepted(cluster, null, 'nothing to do: this request, or version of config.yaml, was heard before');
  const { operationId, message } = take(cluster, name, payload, requesterOf(payload, `update ${name}`));
  return accepted(cluster, operationId, message);
}

function accepted({ state }: Cluster, operationId: string | null, message: string): Accepted {
  const { traceId, specGeneration } = state;
  return {
    operationId,
    message,
    plan: withId(plan(state, now())),
    heard: { traceId, specGeneration },
  };
}

function requesterOf(payload: unknown, fallback: string): string {
  if (typeof payload !== 'object' || payload === null || !('requestedBy' in payload)) return fallback;
  const said = typeof payload.requestedBy === 'string' ? payload.requestedBy.slice(0, 80) : fallback;
  return said === KEELSON ? fallback : said;
}

/**
 * Handles Temporal's cancel. It confirms nothing, and it is the largest button of the Web UI, so it pauses the cluster and deletes nothing.
 * [docs/adr/0029]
 */
export function onCancel(cluster: Cluster): void {
  const { state } = cluster;
  const { name } = state.document.metadata;
  cluster.inbox.cancelRequested = true;
  cluster.inbox.revision += 1;
  const decision = decide(state, 'pause', {});
  if (decision.outcome === 'refused') {
    emit(cluster, 'Warning', 'RequestRejected', `cancel: ${decision.message}`);
    cluster.status.publish();
    return;
  }
  const says = `a cancel pauses ${name} and deletes nothing: keelson resume ${name} goes on, keelson delete ${name} deletes it`;
  emit(cluster, 'Warning', 'CancelRequested', says);
  take(cluster, 'pause', {}, "Temporal's cancel");
}

/** Changes the desired state; the loop does the work. Everything touched here is carried state. */
function take(
  cluster: Cluster,
  name: RequestName,
  payload: unknown,
  requestedBy: string,
): { operationId: string | null; message: string } {
  const { state } = cluster;
  const decision = decide(state, name, payload);
  if (decision.outcome === 'refused') throw failureOf(decision);
  const { message } = decision;
  // Who asks for something else after a withdrawal wants the cluster.
  if (name !== 'withdraw') delete state.withdrawn;
  const requestId = textOf(payload, 'requestId');
  const isFirst = state.heardRequests.length === 0 && state.specGeneration === 1 && state.initializedAt === null;
  if (requestId !== null) state.heardRequests = [...state.heardRequests, requestId].slice(-REQUESTS_KEPT);
  if (name === 'apply') {
    state.configProblem = null;
    state.configVersion = configVersionOf(payload) ?? state.configVersion;
  }
  if (decision.outcome === 'unchanged') {
    // `apply` starts the workflow with the document, and sends it too: that is one request.
    if (name === 'apply' && isFirst)
      emit(cluster, 'Normal', 'RequestAccepted', `apply by ${requestedBy}: the cluster starts with this document`);
    else emit(cluster, 'Normal', 'RequestUnchanged', `${name} by ${requestedBy}: ${message}`);
    cluster.inbox.revision += 1;
    return { operationId: null, message };
  }
  state.lastRequest = name === 'withdraw' ? null : { name, before: fieldsOf(state, decision.change) };
  const role = accountKey(state.document.spec.account);
  Object.assign(state, decision.change);
  // The watch of the region keeps the role that it knows until it gets another one.
  if (accountKey(state.document.spec.account) !== role) cluster.observations.watchEnsured = false;
  if (decision.change.breakers !== undefined) cluster.inbox.breakerResets += 1;
  state.specGeneration += 1;
  // Between two operations: the request that wakes the loop also ends its wait, and the workflow writes the status before the loop wakes.
  if (state.operation === null || state.desiredState === 'deleted') state.waiting = null;
  state.requestedBy = requestedBy;
  state.requestedOperationId = `op-${shortId()}`;
  emit(cluster, 'Normal', 'RequestAccepted', `${name} by ${requestedBy}: ${message}`);
  cluster.inbox.revision += 1;
  // After all messages of this task: a stored delete may be followed by its withdrawal.
  void Promise.resolve().then(() => {
    // A step that began before the restore may wait for servers that are gone; the node ends its job. [node/lib/take-over]
    if (state.desiredState === 'deleted' || name === 'restore') cluster.control.cancel?.();
    // The loop begins a wait again at once if it still needs it.
    else cluster.control.interruptWaits?.();
  });
  cluster.status.publish();
  return { operationId: state.requestedOperationId, message };
}

/** Returns what the state holds in the fields of a change. */
function fieldsOf(state: ClusterState, change: Partial<ClusterState>): Partial<ClusterState> {
  return Object.fromEntries(Object.keys(change).map((key) => [key, state[key as keyof ClusterState]]));
}
