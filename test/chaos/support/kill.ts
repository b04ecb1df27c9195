import type { Boundary } from './boundary.js';
import type { ChaosCell, Watch } from './chaos-cell.js';

/**
 * - `before`: the request never arrives at AWS.
 * - `late`: it arrives when another worker sends the same: two of them, one after the other.
 * - `after`: AWS has done it; no one hears the answer.
 * - `between`: the answer is heard; the worker dies while the activity reports, or in the workflow task that follows.
 */
export type Moment = 'before' | 'late' | 'after' | 'between';

export interface Kill {
  moment: Moment;
  /** A boundary's id, or the how-manieth call of the operation: then at a worker that takes work, not at one that starts. */
  at: string | number;
  /** Of `between`. */
  delayMs?: number;
}

/** A late request arrives at last, also if no one sends the same again. */
const LATEST_MS = 14_000;

/** What happened to an operation whose workers were killed. */
export class Reaper {
  /** In the order they were met. */
  readonly met: Boundary[] = [];
  /** Kills that were carried out, with the boundary and how many had been met then. */
  readonly done: { kill: Kill; at: string; met: number }[] = [];
  /** From each kill to the next worker's first call. */
  readonly resumedMs: number[] = [];
  /** From the last call before each kill to the next worker's first useful one: not what it writes for people. */
  readonly restedMs: number[] = [];
  private lastCallAt: number | null = null;
  private restsSince: number | null = null;
  private readonly open: Set<Kill>;
  private killedSince: number | null = null;
  private busy = false;
  private late: { call: string; arrive: () => void } | null = null;

  constructor(
    private readonly cell: ChaosCell,
    kills: readonly Kill[],
  ) {
    this.open = new Set(kills);
  }

  /** Kills whose boundary was not met. */
  get missed(): Kill[] {
    return [...this.open];
  }

  readonly watch: Watch = async (moment, boundary) => {
    if (moment === 'before') await this.arrived(boundary);
    const kill = this.due(moment, boundary);
    if (kill === null) return;
    this.open.delete(kill);
    this.done.push({ kill, at: boundary.id, met: this.met.length });
    this.busy = true;
    if (kill.moment === 'between') {
      setTimeout(() => void this.kill(), kill.delayMs ?? 0);
      return;
    }
    const arrival = kill.moment === 'late' ? this.arrival(boundary) : null;
    await this.kill();
    if (kill.moment === 'before') throw new Error('the request was lost with its sender');
    await arrival;
  };

  private async arrived(boundary: Boundary): Promise<void> {
    this.met.push(boundary);
    if (this.killedSince !== null) {
      this.resumedMs.push(Date.now() - this.killedSince);
      this.restsSince = this.lastCallAt;
      this.killedSince = null;
    }
    if (this.restsSince !== null && !boundary.call.startsWith('s3.')) {
      this.restedMs.push(Date.now() - this.restsSince);
      this.restsSince = null;
    }
    this.lastCallAt = Date.now();
    if (this.late?.call !== boundary.call) return;
    this.late.arrive();
    this.late = null;
    // The late one first.
    await new Promise((resolve) => setImmediate(resolve));
  }

  private due(moment: 'before' | 'after', boundary: Boundary): Kill | null {
    if (this.busy) return null;
    const isDue = ({ moment: wanted, at }: Kill): boolean => {
      const when = wanted === 'before' || wanted === 'late' ? 'before' : 'after';
      return (
        when === moment && (typeof at === 'string' ? at === boundary.id : this.cell.polls && at <= this.met.length)
      );
    };
    return [...this.open].find(isDue) ?? null;
  }

  private async kill(): Promise<void> {
    const at = Date.now();
    await this.cell.killWorker();
    this.killedSince = at;
    this.busy = false;
  }

  private arrival({ call }: Boundary): Promise<void> {
    return new Promise((resolve) => {
      this.late = { call, arrive: resolve };
      setTimeout(resolve, LATEST_MS).unref();
    });
  }
}
