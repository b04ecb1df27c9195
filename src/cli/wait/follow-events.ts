import type { ClusterEvent } from '../../model/state.js';
import type { Life } from '../clusters/life.js';
import { isUnreachable } from '../errors.js';
import { pause, unlessAborted } from './abort.js';
import { PATIENCE_MS, STUCK_AT, stuck } from './follow.js';

const LOOK_MS = 2_000;

/** Where events come from. No file holds them, so the workflow is asked. */
export interface EventSource {
  /** What Temporal tells; no worker is asked. */
  life(name: string): Promise<Life>;
  events(name: string): Promise<ClusterEvent[]>;
}

/**
 * New events as they come, until the signal aborts or the cluster's workflow has ended. A query beside the workflow task of a
 * dying worker can spoil a history (ADR 0014): the workflow is asked only when it has done something since the last answer, and
 * not while a task is under way.
 *
 * @param known the events that were told before
 * @throws what a look threw, when the looks have failed for a minute, or the workflow does not get on
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
      const life = await unlessAborted(source.life(name), signal);
      if (life === null) return;
      firstRunId ??= life.firstRunId;
      // Another life has begun under the name: this one is over, and cannot be asked by name any more.
      if (life.firstRunId !== firstRunId) return;
      const isBusy = life.ended === null && life.taskAttempt > 0;
      if (isBusy && Date.now() - attended <= PATIENCE_MS) continue;
      if (isBusy && life.taskAttempt >= STUCK_AT) throw stuck(name, life);
      if (isBusy || life.ended !== null || life.historyLength !== length) {
        const now = await unlessAborted(source.events(name), signal);
        if (now === null) return;
        yield* newIn(now, told);
        told = now;
        length = life.historyLength;
      }
      if (life.ended !== null) return;
      attended = Date.now();
    } catch (error) {
      if (!isUnreachable(error) || Date.now() - attended > PATIENCE_MS) throw error;
    }
  }
}

/** What follows the longest end of the old list with which the new one begins: the oldest of the old ones may have been dropped. */
function newIn(now: readonly ClusterEvent[], old: readonly ClusterEvent[]): readonly ClusterEvent[] {
  const texts = now.map((event) => JSON.stringify(event));
  const before = old.map((event) => JSON.stringify(event));
  const dropped = before.findIndex((_, from) => before.slice(from).every((text, index) => text === texts[index]));
  return dropped < 0 ? now : now.slice(before.length - dropped);
}
