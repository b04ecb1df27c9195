import { asyncLocalStorage, type Context } from '@temporalio/activity';
import type { ApplicationFailure } from '@temporalio/common';
import { failure } from '../aws/failure.js';
import { createFenceClock } from './fence-clock.js';

/** The longest silence that means nothing. */
const STILL_MS = 5_000;
/** Shorter than three quarters of the heartbeat time-out, for the last beat may be a quarter old: a worker that was suspended longer may have lost the attempt. */
const STILL_SHARE = 5 / 8;
const TICK_MS = 500;
/** Shorter than any attempt minds. */
const NO_SILENCE_MS = 1_000;
/** A task that begins right after may have been handed out before, and have waited in a socket since. */
const SUSPECT_MS = 2_000;

/**
 * Keeps a worker that was suspended (a stopped process, a starved host, a closed laptop), or that does not reach Temporal, from doing what
 * another worker does by now: making a group of a deleted cluster, starting what was stopped. Temporal cannot recall a call, so the process
 * checks its own clock, and the time of Temporal's last answer, before each call. [the fault campaign: docs/explanation/faults.md]
 */
export class Fence {
  /** Time of the last check of the clock; null before it watches: without regular checks a pause means nothing. */
  private last: number | null = null;
  /** Start of the last call that Temporal has answered; null while no one reports one. */
  private heardAt: number | null = null;
  /** Silences, each shorter than the one before it: those that a longer one follows say nothing more. */
  private silences: { ms: number; until: number }[] = [];
  private readonly begun = new WeakMap<Context, { at: number; stillMs: number }>();
  /** Ends the attempts under way. */
  private readonly live = new Map<Context, (reason: ApplicationFailure) => void>();

  /** @param now milliseconds that also pass while the machine sleeps, and that no one sets; for tests */
  constructor(private readonly now: () => number = createFenceClock()) {}

  /** Checks the clock from now on; keeps no process alive. */
  watch(): void {
    this.last = this.now();
    setInterval(() => this.look(), TICK_MS).unref();
  }

  /** Notes the begin of a call to Temporal. @returns a function to call when it was answered. After the first answer the fence expects more: silence means that tasks are lost */
  readonly asks = (): (() => void) => {
    const askedAt = this.now();
    return () => {
      this.heardAt = Math.max(this.heardAt ?? askedAt, askedAt);
    };
  };

  /** Notes that Temporal has answered just now. */
  readonly heard = (): void => this.asks()();

  /** Whether Temporal has answered recently. */
  readonly isInContact = (): boolean => this.heardAt === null || this.now() - this.heardAt <= STILL_MS;

  /**
   * Begins an attempt, whose calls are refused once it may have been lost. A loop that expects failures would then go on for ever,
   * heartbeat and notice nothing; so the fence also ends the attempt itself, and Temporal begins another one.
   *
   * @param end called at most once, with a `transient` failure `WorkerStoodStill`
   * @returns a function to call at the attempt's end
   * @throws that failure when the attempt may have begun long ago
   */
  begin(context: Context, end: (reason: ApplicationFailure) => void): () => void {
    this.look();
    this.begun.set(context, { at: this.now(), stillMs: stillMsOf(context) });
    this.check(context);
    this.live.set(context, end);
    return () => void this.live.delete(context);
  }

  /** Checks, right before a request leaves, that it may. Outside of an attempt it does nothing. @throws as `begin` */
  readonly pass = (): void => {
    const context = asyncLocalStorage.getStore();
    this.look();
    if (context !== undefined) this.check(context);
  };

  private check(context: Context): void {
    if (this.isLost(context)) throw stoodStill(stillMsOf(context));
  }

  private isLost(context: Context): boolean {
    const attempt = this.begun.get(context);
    if (attempt === undefined) return false;
    return this.silences.some(({ ms, until }) => ms > attempt.stillMs && attempt.at < until + SUSPECT_MS);
  }

  private look(): void {
    if (this.last === null) return;
    const time = this.now();
    const ms = Math.max(time - this.last, this.heardAt === null ? 0 : time - this.heardAt);
    this.last = time;
    if (ms <= NO_SILENCE_MS) return;
    this.silences = [...this.silences.filter((one) => one.ms > ms), { ms, until: time }];
    for (const [context, end] of [...this.live]) {
      if (!this.isLost(context)) continue;
      this.live.delete(context);
      end(stoodStill(stillMsOf(context)));
    }
  }
}

const stillMsOf = ({ info }: Context): number =>
  Math.min(STILL_MS, (info.heartbeatTimeoutMs ?? Number.POSITIVE_INFINITY) * STILL_SHARE);

const stoodStill = (stillMs: number): ApplicationFailure =>
  failure({
    code: 'WorkerStoodStill',
    class: 'transient',
    message: `the worker was suspended or disconnected from Temporal for more than ${stillMs / 1_000} s; another worker may have taken over`,
    hint: 'nothing: Temporal tries again; if it comes often, give the worker more CPU, or a better connection to Temporal',
    // Earlier it would be refused again; with jitter, because all attempts come back at once.
    retryAfterMs: SUSPECT_MS * (1 + Math.random() / 2),
  });
