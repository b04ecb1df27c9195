import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { type Plan, plan } from '../model/plan/index.js';
import { decide } from '../model/requests/decide.js';
import { parseDocument } from '../model/spec/parse.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import { violationText } from '../model/spec/violation.js';
import type { ClusterState } from '../model/state.js';
import { pack, unpack } from './carried.js';
import { type Cluster, emit, now } from './cluster-context.js';
import { execute } from './execute.js';
import { registerHandlers } from './handlers.js';
import { initialState } from './initial-state.js';
import type { DeletionProof } from './messages.js';
import { untilNextLook } from './next-look.js';
import { observe } from './observe.js';
import { beginOperation, countFailure, endOperation } from './operations.js';
import { LOSSES_END_STEPS } from './patches.js';
import { createPresenter } from './present.js';
import { ensureWatch, judgeSight } from './sight.js';
import { createStatusWriter } from './status-writer.js';

/** A cluster document, and who starts it. */
export type ClusterInput = (ClusterDocument | Record<string, unknown>) & { requestedBy?: string };

/**
 * One K3s cluster, from nothing to Running and back to nothing. Ends with the proof of its deletion.
 *
 * @param input what people start it with
 * @param carried after continue-as-new: the packed state of the history before, which counts instead of the input
 * @throws ApplicationFailure `InvalidSpec` at once, naming each path, when the input is no valid document; nothing else ends it
 */
export async function cluster(input: ClusterInput, carried?: Uint8Array): Promise<DeletionProof> {
  const self: Cluster = {
    state: startState(input, carried),
    wakes: 0,
    abort: null,
    interrupt: null,
    present: () => undefined,
    closeStatus: async () => undefined,
    settleStatus: async () => undefined,
    replan: false,
    watched: false,
    fresh: false,
    gateOpenSince: null,
    swept: [],
    left: null,
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
  // A worker that is too old for it fails this task, not the workflow: a newer one goes on.
  if (carried !== undefined) return unpack(carried);
  const { requestedBy, ...document } = input ?? {};
  const parsed = parseDocument(document);
  if (parsed.ok) return initialState(parsed.document, requestedBy ?? 'workflow start');
  const problems = parsed.violations.map(violationText);
  throw ApplicationFailure.nonRetryable(
    `the cluster document has ${problems.length} problem(s): ${problems.join('; ')}`,
    'InvalidSpec',
    ...problems,
  );
}

/** Temporal's cancel means delete, unless the cluster is protected; then it is refused and said. */
function listenForCancel(self: Cluster): void {
  void CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
    const decision = decide(self.state, 'delete', {});
    if (decision.outcome !== 'accepted') {
      emit(self, 'Warning', 'RequestRejected', `cancel: ${decision.message}`);
      self.present();
      return;
    }
    Object.assign(self.state, decision.change);
    self.state.specGeneration += 1;
    self.state.requestedBy = 'cancel';
    self.wakes += 1;
    self.abort?.();
    self.present();
  });
}

/** The loop: plan, do, again; nothing to do: wait for a message or the next look. */
async function live(self: Cluster): Promise<DeletionProof> {
  const { state } = self;
  for (;;) {
    if (workflowInfo().continueAsNewSuggested) await renew(self);
    if (state.paused && state.wish !== 'deleted') {
      await pause(self, 'resume', null);
      continue;
    }
    const next = plan(state.document, state, null, now());
    if (next.steps.length === 0) {
      if (next.blocked === undefined) settle(self);
      else park(self, next.blocked);
      if (!self.watched) {
        await ensureWatch(self);
        continue;
      }
      judgeSight(self);
      if (state.lookWanted) {
        await observe(self);
        continue;
      }
      const what = next.blocked === undefined ? null : `a person: ${next.blocked.message}`;
      const quietMs = untilNextLook(state) * (0.9 + 0.2 * Math.random());
      const dueMs = next.until === undefined ? quietMs : Math.max(1_000, Date.parse(next.until) - Date.now());
      const ended = await pause(self, what, Math.min(quietMs, dueMs));
      if ((ended === 'time' && quietMs <= dueMs) || state.lookWanted) await observe(self);
      continue;
    }
    const operation = beginOperation(self, next);
    const generation = state.specGeneration;
    const held = Object.keys(state.heldTypes).length;
    self.present();
    const changed = (): boolean => state.specGeneration !== generation || (state.paused && state.wish !== 'deleted');
    self.replan = false;
    const stale = (): boolean => changed() || self.replan || workflowInfo().continueAsNewSuggested;
    const attempt = (state.breakers[operation.kind]?.failures ?? 0) + 1;
    const outcome = await execute(self, next, stale, attempt);
    if (outcome.kind === 'done') {
      const { [operation.kind]: _closed, ...breakers } = state.breakers;
      state.breakers = breakers;
      state.checkedAt = now();
      if (state.wish === 'deleted') return proofOf(self);
      if (state.lookWanted) await observe(self);
    } else if (outcome.kind === 'interrupted' && state.lookWanted && state.wish === 'running') {
      await observe(self);
    } else if (outcome.kind === 'failed' && !changed() && Object.keys(state.heldTypes).length === held) {
      const { waitMs, breaker } = countFailure(self, operation, outcome.error);
      // What has been heard meanwhile may be why it failed: there is another plan for that, and no sense in waiting.
      if (!(state.lookWanted && patched(LOSSES_END_STEPS))) {
        await pause(
          self,
          `the next try of ${operation.kind} after ${outcome.error.code}`,
          waitMs * (0.9 + 0.2 * Math.random()),
        );
      }
      state.breakers = {
        ...state.breakers,
        [operation.kind]: { ...(state.breakers[operation.kind] ?? breaker), openUntil: null },
      };
      await observe(self);
    }
  }
}

/** What was wanted is there. */
function settle(self: Cluster): void {
  const { state } = self;
  state.repairAsked = false;
  if (state.wish === 'running') state.bornAt ??= now();
  if (state.operation !== null) endOperation(self, Object.keys(state.heldTypes).length > 0 ? 'rolledBack' : 'done');
  if (state.operation === null && state.observedGeneration !== state.specGeneration) {
    state.observedGeneration = state.specGeneration;
    state.lastError = null;
  }
  // Whatever kept it from being well is no longer.
  if (state.lastError?.operation === null) state.lastError = null;
  state.breakers = {};
  self.present();
}

/** What is wanted cannot be reached without a person: said, and nothing done. */
function park(self: Cluster, blocked: NonNullable<Plan['blocked']>): void {
  const { state } = self;
  state.repairAsked = false;
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

/** Waits for a message, at most so long. The timer's summary tells people what for. */
async function pause(self: Cluster, what: string | null, ms: number | null): Promise<'time' | 'message'> {
  const seen = self.wakes;
  const until = ms === null ? null : new Date(Date.now() + ms).toISOString();
  self.state.waiting = what === null ? null : { for: what, since: now(), until };
  self.present();
  await CancellationScope.cancellable(async () => {
    const woken = condition(() => self.wakes !== seen);
    await (ms === null
      ? woken
      : Promise.race([woken, sleep(ms, { summary: what ?? 'quiet: nothing to do until a message or the next look' })]));
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
    left: self.left,
  };
}
