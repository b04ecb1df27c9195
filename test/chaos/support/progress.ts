import type { StatusView } from '#src/model/status.js';
import type { ChaosCell } from './chaos-cell.js';

/**
 * A cluster that shows nothing new for so long has stopped. A machine with much else to do makes each step slower, and no step takes a minute on
 * a quiet one; how long all steps take together says nothing.
 */
export const STILL_MS = 240_000;
/** What moves in circles: the longest operation takes three minutes on a quiet machine, and a killed worker ten seconds more. */
export const LONGEST_MS = 1_800_000;
const LOOK_MS = 1_000;

/** What one operation has brought about, by what anyone can see: the cluster's status, the instances, and the scripts that were begun on them. */
export class Progress {
  private heard = '';

  /** A status that was read. */
  hear(status: StatusView): void {
    this.heard = digestOf(status);
  }

  /** Resolves with the reason when nothing has changed for too long, or too much for too long; never once the signal is aborted. */
  async ended(cell: ChaosCell, signal: AbortSignal): Promise<string> {
    const limits = new Limits(Date.now());
    for (;;) {
      const why = limits.exceeded(`${this.heard} ${seenIn(cell)}`, Date.now());
      if (why !== null) return why;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      if (signal.aborted) return await new Promise(() => undefined);
    }
  }
}

/** Decides by what is seen, and when. */
export class Limits {
  private last = '';
  private changedAt: number;

  constructor(private readonly startedAt: number) {
    this.changedAt = startedAt;
  }

  /** @returns null while it goes on */
  exceeded(seen: string, now: number): string | null {
    if (seen !== this.last) {
      this.last = seen;
      this.changedAt = now;
    }
    if (now - this.changedAt > STILL_MS) return `nothing has changed for ${STILL_MS / 1000} s`;
    if (now - this.startedAt > LONGEST_MS) return `it has gone on for ${LONGEST_MS / 60_000} minutes`;
    return null;
  }
}

/** Without times and attempts: a step that is tried again and again gets nowhere. */
const digestOf = ({ phase, observedGeneration, nodes, operation, operations, backup, drill }: StatusView): string =>
  JSON.stringify([
    phase,
    observedGeneration,
    nodes.map((node) => [node.slot, node.instanceId, node.power, node.ready, node.voter, node.doing]),
    operation?.steps.map(({ id, outcome }) => [id, outcome]),
    operations.map(({ id, outcome }) => [id, outcome]),
    [backup.id, drill.running?.ref, drill.last?.endedAt],
  ]);

const seenIn = (cell: ChaosCell): string =>
  JSON.stringify([[...cell.region.world.instances.values()].map(({ id, state }) => [id, state]), cell.scriptsRun()]);
