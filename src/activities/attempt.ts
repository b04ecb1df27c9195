import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { toFailure } from '../aws/failure.js';
import type { RegionScope, Scope } from './api.js';
import { withBackOff } from './back-off.js';
import type { ActivityDeps } from './deps.js';

/** Between two heartbeats. The SDK sends on at most one per 0.8 heartbeat time-outs, the rest stays in the process. */
const BEAT_MS = 2_000;

/** One attempt of an activity, as its body sees it. */
export interface Attempt {
  /** Counts from 1. */
  readonly number: number;
  /** Details of the last heartbeat of an earlier attempt that reached the server, whatever worker made it. */
  readonly resumed: unknown;
  /** Aborts on cancellation and at the end of the worker's grace; to be passed to calls that may be left half way. */
  readonly signal: AbortSignal;
  /** Rejects with a CancelledFailure when `signal` aborts; for waits that take no signal. */
  readonly cancelled: Promise<never>;
  /** When the workflow asked for the activity, in milliseconds since the epoch; earlier attempts count. */
  readonly since: number;
  /** Replaces what the next attempt will find in `resumed`. */
  heartbeat(details: unknown): void;
  /** @throws CancelledFailure when cancelled meanwhile */
  sleep(ms: number): Promise<void>;
  /** Whether the workflow asked for the cancellation: a worker that shuts down leaves the work to the next one. */
  wasCancelled(): boolean;
  log: {
    debug(message: string, fields?: object): void;
    info(message: string, fields?: object): void;
    warn(message: string, fields?: object): void;
  };
}

type Body<I, O> = (deps: ActivityDeps, attempt: Attempt, input: I) => Promise<O>;

/**
 * Makes an activity of a body: heartbeats for it while it runs, so that a killed worker is noticed within seconds, logs
 * its end with operation and trace id, and turns what it throws into a failure with a class.
 */
export function activity<I extends RegionScope & Partial<Scope>, O>(
  deps: ActivityDeps,
  name: string,
  body: Body<I, O>,
  { beatMs = BEAT_MS }: { beatMs?: number } = {},
): (input: I) => Promise<O> {
  return async (input) => {
    const context = Context.current();
    const { info } = context;
    const { cluster, region, operation, traceId } = input;
    const log = deps.logger.child({ activity: name, cluster, region, operation, traceId, attempt: info.attempt });
    let details: unknown = info.heartbeatDetails;
    // Not at once: the SDK sends the first beat straight away and keeps later ones back, and the first may carry a command's id.
    const beat = (): void => context.heartbeat(details);
    const attempt: Attempt = {
      number: info.attempt,
      resumed: info.heartbeatDetails,
      signal: context.cancellationSignal,
      cancelled: context.cancelled,
      since: info.scheduledTimestampMs,
      heartbeat: (latest) => {
        details = latest;
        beat();
      },
      sleep: (ms) => context.sleep(ms),
      wasCancelled: () => context.cancellationDetails?.cancelRequested ?? false,
      log: {
        debug: (message, fields = {}) => log.debug(fields, message),
        info: (message, fields = {}) => log.info(fields, message),
        warn: (message, fields = {}) => log.warn(fields, message),
      },
    };
    const timer = setInterval(beat, beatMs);
    const started = Date.now();
    try {
      deps.fence.begin(context);
      const result = await body(deps, attempt, input);
      log.info({ ms: Date.now() - started }, `${name} done`);
      return result;
    } catch (error) {
      if (error instanceof CancelledFailure) throw error;
      // The SDK's clients throw an AbortError of their own; Temporal wants its own failure, unwrapped.
      if (context.cancellationSignal.aborted && isAbort(error)) throw context.cancellationSignal.reason;
      const failure = toFailure(error, name);
      log.warn({ ms: Date.now() - started, class: failure.type, error: failure.message }, `${name} failed`);
      throw withBackOff(failure, info.attempt);
    } finally {
      clearInterval(timer);
    }
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
