import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { ErrorDetail } from '../activities/api.js';
import { type Hold, halfOpened, stillHolding } from '../model/breaker.js';
import { classifyCode } from '../model/errors/index.js';
import { STATE_FROM_OUTSIDE, workflowIdProblem } from '../model/execution.js';
import type { Plan } from '../model/plan/index.js';
import { nextMove } from '../model/plan/next-move.js';
import { readRestoreFrom } from '../model/restore/state.js';
import { isRefused } from '../model/security-groups/own-groups.js';
import { parseDocument } from '../model/spec/parse.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import { violationText } from '../model/spec/violation.js';
import type { ClusterState, ErrorRecord } from '../model/state.js';
import { pack, unpack } from './carried.js';
import { type Cluster, emit, now } from './cluster-context.js';
import { execute } from './execute.js';
import { onCancel, registerHandlers } from './handlers.js';
import { initialState } from './initial-state.js';
import type { DeletionProof } from './messages.js';
import { isAtRest, untilNextLook } from './next-look.js';
import { observe } from './observe.js';
import { beginOperation, countFailure, endOperation } from './operations.js';
import { isBackupDue, scheduledBackup, untilBackup } from './phases/backup.js';
import { endRotation } from './phases/rotating.js';
import { createPresenter } from './present.js';
import { ensureWatch, judgeSight } from './sight.js';
import { createStatusWriter } from './status-writer.js';

/** A cluster document, and who starts it. */
export type ClusterInput = (ClusterDocument | Record<string, unknown>) & {
  requestedBy?: string;
  /** Uid of an earlier life of the name to take over although another workflow owns it: a person's word. */
  adopt?: string;
  /** Backup that the new cluster is made from. */
  restoreFrom?: unknown;
};

/**
 * One K3s cluster, from nothing to Running and back to nothing. Ends with the proof of its deletion.
 *
 * @param input what people start it with
 * @param carried after continue-as-new: the packed state of the history before, which counts instead of the input
 * @throws ApplicationFailure `InvalidSpec` at once, naming each path, when the input is not a valid document, or when the execution must not
 * look after a cluster of that name; `Refused` when another workflow owns the name; nothing else ends it
 */
export async function cluster(input: ClusterInput, carried?: Uint8Array): Promise<DeletionProof> {
  const self: Cluster = {
    state: startState(input, carried),
    wakes: 0,
    cancelHeard: false,
    abort: null,
    interrupt: null,
    present: () => undefined,
    closeStatus: async () => undefined,
    settleStatus: async () => undefined,
    refused: null,
    replan: false,
    lifted: 0,
    loss: null,
    watched: false,
    fresh: false,
    gateOpenSince: null,
    swept: [],
    left: null,
    backupsUntil: null,
  };
  const writer = createStatusWriter(self);
  self.present = createPresenter(self, writer);
  self.closeStatus = writer.close;
  self.settleStatus = writer.settled;
  registerHandlers(self);
  listenForCancel(self);
  return CancellationScope.nonCancellable(async () => {
    const proof = await live(self);
    await writer.settled();
    await condition(allHandlersFinished);
    return proof;
  });
}

function startState(input: ClusterInput, carried: Uint8Array | undefined): ClusterState {
  const { workflowId, continuedFromExecutionRunId: continuedFromRunId } = workflowInfo();
  if (carried !== undefined && continuedFromRunId === undefined) throw refused(STATE_FROM_OUTSIDE);
  // A worker that is too old for it fails this task, not the workflow: a newer one goes on.
  const state = carried === undefined ? newState(input) : unpack(carried);
  const problem = workflowIdProblem(workflowId, state.document.metadata.name);
  if (problem !== null) throw refused(problem);
  return state;
}

function newState(input: ClusterInput): ClusterState {
  const { requestedBy, adopt, restoreFrom, ...document } = input ?? {};
  const from = readRestoreFrom(restoreFrom);
  if (restoreFrom !== undefined && from === null)
    throw refused('restoreFrom is not {"cluster": "<name>", "uid": "<uid>", "id": "<backup>"}');
  const parsed = parseDocument(document);
  if (parsed.ok) return initialState(parsed.document, requestedBy ?? 'workflow start', adopt ?? null, from);
  const problems = parsed.violations.map(violationText);
  throw refused(`the cluster document has ${problems.length} problem(s): ${problems.join('; ')}`, problems);
}

/** Another workflow owns the cluster: this one has made nothing, and ends before it writes or deletes anything of the other's. */
async function notOurs(self: Cluster, { message, advice }: ErrorDetail): Promise<ApplicationFailure> {
  await self.closeStatus();
  await condition(allHandlersFinished);
  return ApplicationFailure.nonRetryable(message, 'Refused', advice);
}

const refused = (message: string, problems: readonly string[] = [message]): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, 'InvalidSpec', ...problems);

/** Temporal tells of one cancel a history. */
function listenForCancel(self: Cluster): void {
  void CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
    onCancel(self);
  });
}

/** The loop: plan, do, again; nothing to do, or nothing that may be tried now: wait for a message, the next look, or the time of the next try. */
async function live(self: Cluster): Promise<DeletionProof> {
  const { state } = self;
  for (;;) {
    // After a cancel, too: this history would not tell of the next one.
    if (workflowInfo().continueAsNewSuggested || self.cancelHeard) await renew(self);
    if (state.paused && state.wish !== 'deleted') {
      await pause(self, { for: 'resume' }, null);
      continue;
    }
    const move = nextMove(state, now());
    tellDeferred(self, move.plan);
    if (move.kind === 'idle') await idle(self, move.plan);
    else if (move.kind === 'hold') await holdOff(self, move.hold);
    else if (await carryOut(self, move.plan)) return proofOf(self);
  }
}

/** Carries the plan out, as far as it gets. @returns true when the cluster is deleted, and proven so */
async function carryOut(self: Cluster, next: Plan): Promise<boolean> {
  const { state } = self;
  state.breakers = halfOpened(state.breakers, now());
  const operation = beginOperation(self, next);
  const generation = state.specGeneration;
  const { lifted } = self;
  const held = Object.keys(state.heldTypes).length;
  self.present();
  const changed = (): boolean => state.specGeneration !== generation || (state.paused && state.wish !== 'deleted');
  self.replan = false;
  self.loss = null;
  const stale = (): boolean => changed() || self.replan || workflowInfo().continueAsNewSuggested;
  const attempt = (state.breakers[operation.kind]?.failures ?? 0) + 1;
  const outcome = await execute(self, next, stale, attempt);
  if (self.refused !== null) throw await notOurs(self, self.refused);
  if (outcome.kind === 'done') {
    // Part of a plan proves nothing: what is deferred may be what fails.
    if (next.deferred === undefined) {
      const { [operation.kind]: _closed, ...breakers } = state.breakers;
      state.breakers = breakers;
    }
    state.checkedAt = now();
    if (state.wish === 'deleted') return true;
    if (state.lookWanted) await observe(self);
    return false;
  }
  const error = outcome.kind === 'failed' ? outcome.error : lossError(self, attempt);
  // A request that has closed the breakers wants the next try now; a type that was given up has another plan.
  const counts = error !== null && self.lifted === lifted && Object.keys(state.heldTypes).length === held;
  if (counts) countFailure(self, operation, error);
  if (counts || (outcome.kind === 'interrupted' && state.lookWanted && state.wish === 'running')) await observe(self);
  return false;
}

/** Nothing is to be done: waits for a message, for the next look, or for what may be done later. */
async function idle(self: Cluster, next: Plan): Promise<void> {
  const { blocked, deferred, waitsFor, until = null } = next;
  if (blocked !== undefined) park(self, blocked);
  else if (deferred === undefined) settle(self);
  if (!self.watched) {
    await ensureWatch(self);
    return;
  }
  const said = blocked === undefined ? deferred?.messages.join('; ') : `a person: ${blocked.message}`;
  const what = said === undefined ? (waitsFor ?? null) : { for: said };
  const ended = await rest(self, what, until === null ? null : Date.parse(until) - Date.now());
  // Before anything is done whose time has come: what was seen last may be a quarter of an hour old.
  if (ended === 'due') await observe(self);
}

/** Nothing may be tried now. What is seen and heard meanwhile is taken over, and does not begin the next try. */
async function holdOff(self: Cluster, hold: Hold): Promise<void> {
  const ms = Date.parse(hold.until) - Date.now();
  // Later than was said, never sooner; jitter keeps those apart that have failed together.
  const what = { for: `the next try of ${hold.kind} after ${hold.code}` };
  const ended = await rest(self, what, ms * (1 + 0.1 * Math.random()));
  // What is known may be as old as the hold.
  if (ended === 'due') await observe(self);
}

/** Waits at most so long, and looks when that is wanted or due. */
async function rest(self: Cluster, what: Awaited | null, dueMs: number | null): Promise<'due' | 'other'> {
  const { state } = self;
  judgeSight(self);
  if (state.lookWanted) {
    await observe(self);
    return 'other';
  }
  const begun = Date.now();
  const quietMs = untilNextLook(state) * (0.9 + 0.2 * Math.random());
  const ms = Math.max(1_000, dueMs ?? Number.POSITIVE_INFINITY);
  const ended = await pauseBetweenBackups(self, what, begun + Math.min(quietMs, ms));
  if (ended === 'time' && quietMs > ms) return 'due';
  // A look that no one has asked for costs no call that the region watch makes for all clusters at once. [decision 20]
  if (state.lookWanted) await observe(self);
  else if (ended === 'time') await observe(self, { groups: !isAtRest(state) });
  return 'other';
}

/** Waits until that time, and takes the backups whose time comes meanwhile: they put off no observation, and are no reason for one. */
async function pauseBetweenBackups(self: Cluster, what: Awaited | null, until: number): Promise<'time' | 'message'> {
  for (;;) {
    const left = Math.max(0, until - Date.now());
    const backup = untilBackup(self);
    const seen = self.wakes;
    const ended = isBackupDue(self) ? 'time' : await pause(self, what, Math.min(left, backup ?? left));
    if (ended === 'message' || !isBackupDue(self)) return ended;
    await scheduledBackup(self);
    if (self.wakes !== seen) return 'message';
    if (Date.now() >= until) return 'time';
  }
}

/** A launch that is deferred is told once. */
function tellDeferred(self: Cluster, { deferred }: Plan): void {
  for (const message of deferred?.messages ?? []) {
    if (!self.state.events.some((event) => event.message === message)) emit(self, 'Warning', 'LaunchDeferred', message);
  }
}

/** The failure of a round that no step has failed of, for it was left when an instance was lost that the operation had started. */
function lossError(self: Cluster, attempt: number): ErrorRecord | null {
  const { loss, state } = self;
  if (loss === null) return null;
  state.lastError = {
    at: now(),
    code: 'InstanceLost',
    class: 'conflict',
    message: `${loss.text}: it ended in the operation that has started it`,
    advice: classifyCode('InstanceLost').advice,
    operation: state.operation?.id ?? null,
    step: null,
    slot: loss.slot,
    attempt,
  };
  return state.lastError;
}

/** What was wanted is there. */
function settle(self: Cluster): void {
  const { state } = self;
  state.repairAsked = false;
  endRotation(self);
  if (state.wish === 'running') state.bornAt ??= now();
  if (state.operation !== null) endOperation(self, outcomeOf(state));
  if (state.operation === null && state.observedGeneration !== state.specGeneration) {
    state.observedGeneration = state.specGeneration;
    state.lastError = null;
  }
  // Whatever kept it from being well is no longer.
  if (state.lastError?.operation === null) state.lastError = null;
  state.breakers = stillHolding(state.breakers, now());
  self.present();
}

const ENDING: ReadonlySet<string> = new Set(['backup', 'rehearse', 'rotate']);
/** Kinds of operations that have failed when one of these steps of theirs has. */
const ENDS_WITH_TRY: ReadonlySet<string | undefined> = new Set(['backup', 'restore', 'rotate']);

/** What was refused and is not tried again has failed, although nothing is left to do. */
function outcomeOf(state: ClusterState): 'done' | 'rolledBack' | 'failed' {
  const { heldTypes, operation } = state;
  if (Object.keys(heldTypes).length > 0) return 'rolledBack';
  // A backup is not tried again, nor is one that cannot be restored.
  const tried = operation?.steps.findLast(({ kind }) => ENDING.has(kind));
  if (tried?.error != null && ENDS_WITH_TRY.has(operation?.kind)) return 'failed';
  const refused = operation?.steps.some((step) => step.kind === 'security-group' && step.error !== null);
  return refused && state.securityGroups !== null && isRefused(state.document, state.securityGroups)
    ? 'failed'
    : 'done';
}

/** What is wanted cannot be reached without a person: said, and nothing done. */
function park(self: Cluster, blocked: NonNullable<Plan['blocked']>): void {
  const { state } = self;
  state.repairAsked = false;
  state.backup.asked = false;
  // What could be repaired is.
  if (state.operation !== null)
    endOperation(self, state.operation.kind === 'repair' && blocked.code !== 'QuorumLost' ? 'done' : 'failed');
  if (state.lastError?.code !== blocked.code) emit(self, 'Warning', blocked.code, blocked.message);
  const known = state.lastError?.code === blocked.code ? state.lastError.at : null;
  const nowhere = {
    at: known ?? now(),
    class: 'conflict',
    operation: null,
    step: null,
    slot: null,
    attempt: 1,
  } as const;
  state.lastError = { ...nowhere, ...blocked };
  // Heard, and as far as it goes without a person.
  state.observedGeneration = state.specGeneration;
  self.present();
}

/** What is waited for, and until when, where that is another time than the end of this pause. */
interface Awaited {
  for: string;
  until?: string;
}

/** A longer summary fails the workflow's task. [Temporal server: limit.userMetadataSummarySize, 400 bytes] */
const SUMMARY = 200;

/**
 * Waits for a message, at most so long. The timer's summary tells people what for.
 *
 */
async function pause(self: Cluster, what: Awaited | null, ms: number | null): Promise<'time' | 'message'> {
  const seen = self.wakes;
  const end = ms === null ? null : new Date(Date.now() + ms).toISOString();
  self.state.waiting = what === null ? null : { for: what.for, since: now(), until: what.until ?? end };
  const summary = what?.for.slice(0, SUMMARY) ?? 'quiet: nothing to do until a message or the next look';
  self.present();
  await CancellationScope.cancellable(async () => {
    const woken = condition(() => self.wakes !== seen);
    await (ms === null ? woken : Promise.race([woken, sleep(ms, { summary })]));
    CancellationScope.current().cancel();
  }).catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  self.state.waiting = null;
  return self.wakes === seen ? 'time' : 'message';
}

/** A new history with the same state. Nothing runs at this point: it is the safest of safe points. */
async function renew(self: Cluster): Promise<void> {
  // A write left under way would land after one of the next history, and status.yaml would tell of the past.
  await self.settleStatus();
  await condition(allHandlersFinished);
  await continueAsNew<typeof cluster>(self.state.document, pack(self.state));
}

function proofOf(self: Cluster): DeletionProof {
  const { state } = self;
  endOperation(self, 'done');
  self.present();
  return {
    cluster: state.document.metadata.name,
    uid: state.uid,
    deletedAt: now(),
    terminated: Object.values(state.slots).flatMap((slot) =>
      slot.lastInstanceId === null ? [] : [slot.lastInstanceId],
    ),
    swept: self.swept,
    kept: state.kept.map((one) => one.id).filter((id) => self.swept.includes(id)),
    backupsUntil: self.backupsUntil,
    left: self.left,
  };
}
