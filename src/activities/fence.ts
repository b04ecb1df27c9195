import { asyncLocalStorage, type Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { failure } from '../aws/failure.js';

/** Shorter than the activities' heartbeat time-out less the pause between two beats: a worker that stood still longer may have lost its tasks. */
const STILL_MS = 5_000;
const TICK_MS = 1_000;
/** What is begun right after may have been handed over before, and have waited in a socket since. */
const SUSPECT_MS = 2_000;

/**
 * Keeps a worker that stood still (a stopped process, a starved host, a laptop's lid), or does not reach Temporal, from doing what is
 * another worker's by now: making a group of a cluster that was deleted meanwhile, starting what was stopped. Temporal cannot call
 * back what is about to be sent, so the process looks at its own clock, and at when Temporal last answered, before each call.
 * [the fault campaign: docs/explanation/faults.md]
 */
export class Fence {
  /** When it last looked; null before it watches: without a regular look a pause tells nothing. */
  private last: number | null = null;
  /** When what Temporal has answered last was asked; null while no one tells. */
  private heardAt: number | null = null;
  private wentOn = Number.NEGATIVE_INFINITY;
  private readonly begun = new WeakMap<Context, number>();
  /** How to end the attempts under way. */
  private readonly live = new Map<Context, (reason: ApplicationFailure) => void>();

  /** @param now milliseconds that also pass while the machine sleeps, for tests */
  constructor(private readonly now: () => number = Date.now) {}

  /** Looks at the clock from now on; keeps no process alive. */
  watch(): void {
    this.last = this.now();
    setInterval(() => this.look(), TICK_MS).unref();
  }

  /** Temporal has answered what was asked then. Once told, it is to be told again and again: silence means that tasks are lost. */
  readonly heard = (askedAt = this.now()): void => {
    this.heardAt = Math.max(this.heardAt ?? askedAt, askedAt);
  };

  /** Whether Temporal has answered lately. */
  readonly isInContact = (): boolean => this.heardAt === null || this.now() - this.heardAt <= STILL_MS;

  /**
   * An attempt begins here. Its calls are refused from the moment on at which it may have been lost; but a loop that expects calls to fail
   * would go on for ever then, heartbeat and see nothing. So the attempt itself is ended, too: Temporal begins another one, which may call.
   *
   * @param end called at most once, with a `transient` failure `WorkerStoodStill`
   * @returns to be called at the attempt's end
   * @throws that failure when the attempt may have begun long ago
   */
  begin(context: Context, end: (reason: ApplicationFailure) => void): () => void {
    this.look();
    this.begun.set(context, this.now());
    this.check(context);
    this.live.set(context, end);
    return () => void this.live.delete(context);
  }

  /** To be called right before a request leaves. Outside of an attempt it does nothing. @throws as `begin` */
  readonly pass = (): void => {
    const context = asyncLocalStorage.getStore();
    this.look();
    if (context !== undefined) this.check(context);
  };

  private check(context: Context): void {
    if (this.isLost(context)) throw stoodStill();
  }

  private isLost(context: Context): boolean {
    const begun = this.begun.get(context);
    return begun !== undefined && begun < this.wentOn + SUSPECT_MS;
  }

  private look(): void {
    if (this.last === null) return;
    const time = this.now();
    const stood = time - this.last > STILL_MS;
    const unheard = this.heardAt !== null && time - this.heardAt > STILL_MS;
    this.last = time;
    if (!stood && !unheard) return;
    this.wentOn = time;
    for (const [context, end] of [...this.live]) {
      if (!this.isLost(context)) continue;
      this.live.delete(context);
      end(stoodStill());
    }
  }
}

const stoodStill = (): ApplicationFailure =>
  failure({
    code: 'WorkerStoodStill',
    class: 'transient',
    message: `the worker was suspended or disconnected from Temporal for more than ${STILL_MS / 1_000} s; another worker may have taken over`,
    advice:
      'nothing: Temporal tries again; if it comes often, give the worker more CPU, or a better connection to Temporal',
    // Before that it would be refused again; with jitter, for all that was under way comes back at once.
    retryAfterMs: SUSPECT_MS * (1 + Math.random() / 2),
  });
