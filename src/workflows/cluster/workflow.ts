import {
  type ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { nextMove } from '../../model/plan/next-move.js';
import { RESUMED_OBSERVES } from '../lib/patches.js';
import { type Cluster, now } from './context.js';
import { tellDeferred } from './converge.js';
import { createCluster } from './create-cluster.js';
import { onCancel, registerHandlers } from './handlers.js';
import type { DeletionProof } from './messages.js';
import { observe } from './observe/index.js';
import { carryOut, notOurs } from './operation/carry-out.js';
import { endOperation } from './operation/history.js';
import { type ClusterInput, startState } from './start-state.js';
import { pack } from './state/pack.js';
import { holdOff, idle, onlyObserve } from './wait.js';

/**
 * Manages one K3s cluster, from nothing to Running and back to nothing. Ends with the proof of its deletion.
 *
 * @param input what people start it with
 * @param carried after continue-as-new: the packed state of the history before, which counts instead of the input
 * @throws ApplicationFailure `InvalidSpec` at once, naming each path, when the input is not a valid document, or when the execution must
 * not manage a cluster of that name; `Refused` when another workflow owns the name; nothing else ends it
 */
export async function cluster(input: ClusterInput, carried?: Uint8Array): Promise<DeletionProof> {
  const self = createCluster(startState(input, carried));
  registerHandlers(self);
  listenForCancel(self);
  return CancellationScope.nonCancellable(async () => {
    const proof = await live(self);
    await self.status.flush();
    await condition(allHandlersFinished);
    return proof;
  });
}

/** Listens for Temporal's cancel, of which a history hears one. */
function listenForCancel(self: Cluster): void {
  void CancellationScope.current().cancelRequested.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
    onCancel(self);
  });
}

/** The loop: plan, run, repeat. With nothing to do, or nothing to try now, it waits for a message, the next observation or the next try. */
async function live(self: Cluster): Promise<DeletionProof> {
  const { state } = self;
  let isResumed = false;
  for (;;) {
    if (state.withdrawn) throw await withdrawn(self);
    // After a cancel, too: this history would not hear the next one.
    if (workflowInfo().continueAsNewSuggested || self.inbox.cancelRequested) await renew(self);
    if (state.paused && state.desiredState !== 'deleted') {
      await onlyObserve(self);
      isResumed = true;
      continue;
    }
    // What was seen during a pause may be half of what happened: a repair of one loss, or a restore on a server that is gone, would be the answer to it.
    if (isResumed && patched(RESUMED_OBSERVES)) {
      await observe(self);
      isResumed = knowsHalf(self);
      continue;
    }
    const move = nextMove(state, now());
    if (move.kind === 'try' && move.plan.kind === 'repair' && knowsHalf(self)) {
      await observe(self);
      continue;
    }
    tellDeferred(self, move.plan);
    if (move.kind === 'idle') await idle(self, move.plan);
    else if (move.kind === 'hold') await holdOff(self, move.hold);
    else if (await carryOut(self, move.plan)) return proofOf(self);
  }
}

/** Ends as one that was refused: there is no cluster, and no instance or claim of one. */
const withdrawn = (self: Cluster): Promise<ApplicationFailure> =>
  notOurs(self, { message: 'its create was withdrawn before it had begun: nothing was made', hint: '' });

/** Messages that come one after the other must not keep a repair back for ever. */
const MOST_REPEATED = 2;

/**
 * Returns whether a message has ended the last observation: it may have seen that a node is not Ready, and not yet that its K3s is stopped. A repair of the
 * symptom would be told, and done, instead of that of the cause.
 */
const knowsHalf = ({ state, observations }: Cluster): boolean =>
  state.observeRequested && observations.cutShort > 0 && observations.cutShort <= MOST_REPEATED;

/** Continues in a new history with the same state. Nothing runs at this point: it is the safest of safe points. */
async function renew(self: Cluster): Promise<void> {
  // An unfinished write would land after one of the next history, and status.yaml would show the past.
  await self.status.flush();
  await condition(allHandlersFinished);
  await continueAsNew<typeof cluster>(self.state.document, pack(self.state));
}

function proofOf(self: Cluster): DeletionProof {
  const { state } = self;
  endOperation(self, 'done');
  self.status.publish();
  return {
    cluster: state.document.metadata.name,
    uid: state.uid,
    deletedAt: now(),
    terminated: Object.values(state.slots).flatMap((slot) =>
      slot.lastInstanceId === null ? [] : [slot.lastInstanceId],
    ),
    swept: self.deletion.swept,
    kept: state.kept.map((one) => one.id).filter((id) => self.deletion.swept.includes(id)),
    backupsUntil: self.deletion.backupsUntil,
    remaining: self.deletion.remaining,
  };
}
