import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { failure } from '../aws/failure.js';

/** Shorter than the activities' heartbeat time-out less the pause between two beats: whoever stood still longer may have lost his tasks. */
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
  /** When what Temporal has answered last was asked; null while nobody tells. */
  private heardAt: number | null = null;
  private wentOn = Number.NEGATIVE_INFINITY;
  private readonly begun = new WeakMap<Context, number>();

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

  /** An attempt begins here. @throws a `transient` failure `WorkerStoodStill` when it may have begun long ago */
  begin(context: Context): void {
    this.look();
    this.begun.set(context, this.now());
    this.check(context);
  }

  /** To be called right before a request leaves. Outside of an attempt it does nothing. @throws as `begin` */
  readonly pass = (): void => {
    const context = asyncLocalStorage.getStore();
    this.look();
    if (context !== undefined) this.check(context);
  };

  private check(context: Context): void {
    const begun = this.begun.get(context);
    if (begun === undefined || begun >= this.wentOn + SUSPECT_MS) return;
    throw failure({
      code: 'WorkerStoodStill',
      class: 'transient',
      message: `the worker stood still, or did not reach Temporal, for more than ${STILL_MS / 1_000} s: what it had begun may be another worker's by now`,
      advice: 'nothing: it is tried again; if it comes often, give the worker more CPU, or a better way to Temporal',
    });
  }

  private look(): void {
    if (this.last === null) return;
    const time = this.now();
    if (time - this.last > STILL_MS) this.wentOn = time;
    if (this.heardAt !== null && time - this.heardAt > STILL_MS) this.wentOn = time;
    this.last = time;
  }
}
