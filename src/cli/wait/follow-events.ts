import type { ClusterEvent } from '../../model/state.js';
import type { ExecutionInfo } from '../clusters/execution-info.js';
import { isUnreachable } from '../errors.js';
import { pause, unlessAborted } from './abort.js';
import { PATIENCE_MS, STUCK_AT, stuck } from './follow.js';

const LOOK_MS = 2_000;

/** Source of events. No file holds them, so the CLI asks the workflow. */
export interface EventSource {
  /** Asks Temporal; no worker is needed. */
  executionInfo(name: string): Promise<ExecutionInfo>;
  events(name: string): Promise<ClusterEvent[]>;
}

/**
 * Yields new events until the signal aborts or the cluster's workflow has ended. A query beside the workflow task of a dying worker can
 * spoil a history (ADR 0014): it asks the workflow only after new work since the last answer, and not while a task is under way.
 *
 * @param known earlier events
 * @throws the last error, when the queries have failed for a minute, or the workflow makes no progress
 */
export async function* followEvents(
  source: EventSource,
  name: string,
  known: readonly ClusterEvent[],
  signal: AbortSignal,
): AsyncGenerator<ClusterEvent> {
  let told = known;
  let firstRunId: string | null = null;
  let length = -1;
  let attended = Date.now();
  for (await pause(LOOK_MS, signal); !signal.aborted; await pause(LOOK_MS, signal)) {
    try {
      const execution = await unlessAborted(source.executionInfo(name), signal);
      if (execution === null) return;
      firstRunId ??= execution.firstRunId;
      // Another cluster of the name has begun: the old one is over, and its name no longer reaches it.
      if (execution.firstRunId !== firstRunId) return;
      const isBusy = execution.ended === null && execution.taskAttempt > 0;
      if (isBusy && Date.now() - attended <= PATIENCE_MS) continue;
      if (isBusy && execution.taskAttempt >= STUCK_AT) throw stuck(name, execution);
      if (isBusy || execution.ended !== null || execution.historyLength !== length) {
        const now = await unlessAborted(source.events(name), signal);
        if (now === null) return;
        yield* newIn(now, told);
        told = now;
        length = execution.historyLength;
      }
      if (execution.ended !== null) return;
      attended = Date.now();
    } catch (error) {
      if (!isUnreachable(error) || Date.now() - attended > PATIENCE_MS) throw error;
    }
  }
}

/** Returns the events after the longest end of the old list with which the new one begins: the ring may have dropped the oldest. */
function newIn(now: readonly ClusterEvent[], old: readonly ClusterEvent[]): readonly ClusterEvent[] {
  const texts = now.map((event) => JSON.stringify(event));
  const before = old.map((event) => JSON.stringify(event));
  const dropped = before.findIndex((_, from) => before.slice(from).every((text, index) => text === texts[index]));
  return dropped < 0 ? now : now.slice(before.length - dropped);
}
