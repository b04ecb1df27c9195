import { Context } from '@temporalio/activity';
import { type ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { toFailure } from '../aws/failure.js';
import type { Trouble } from '../model/retry.js';
import type { CallContext, RegionScope } from './api.js';
import { withBackOff } from './back-off.js';
import type { ActivityDeps } from './deps.js';
import { inAccount } from './in-account.js';
import { refuseWhenOld } from './quorum-seen.js';

/** How long a body may take to notice that the fence has ended its attempt; it waits at most for the answer of one call. */
const FENCED_MS = 3_000;

/** What a heartbeat carries. */
interface Beat {
  /** Memory for the next attempt. */
  progress: unknown;
  /** For people. */
  trouble: Trouble | null;
}

/** One attempt of an activity, as its body sees it. */
export interface ActivityContext {
  /** Temporal namespace of the calling workflow. */
  readonly namespace: string;
  /** Of the history that has asked for it. */
  readonly runId: string;
  /** Counts from 1. */
  readonly number: number;
  /** Details of the last heartbeat of an earlier attempt that reached the server, whatever worker made it. */
  readonly resumed: unknown;
  /**
   * Aborts on cancellation, at the end of the worker's grace, and when the fence ends the attempt. Pass it to calls that may stop half-way.
   * A loop that catches failures throws `signal.reason` once it has aborted.
   */
  readonly signal: AbortSignal;
  /** Rejects with the reason when `signal` aborts; for waits that take no signal. */
  readonly cancelled: Promise<never>;
  /** When the workflow asked for the activity, in milliseconds since the epoch; earlier attempts count. */
  readonly since: number;
  /**
   * Milliseconds since the workflow asked for it, by Temporal's clock until this attempt was handed out, and from then on by one that no one sets: this machine's time of day may be
   * wrong by hours.
   */
  age(): number;
  /** Replaces what the next attempt finds in `resumed`. */
  heartbeat(details: unknown): void;
  /** Shows people what the attempt retries or waits for, until the next call; null for nothing. `keelson explain` reads it. */
  tell(trouble: Trouble | null): void;
  /** @throws what `cancelled` rejects with */
  sleep(ms: number): Promise<void>;
  /** Returns whether the workflow asked for the cancellation: a worker that shuts down leaves the work to the next one. */
  wasCancelled(): boolean;
  log: {
    debug(message: string, fields?: object): void;
    info(message: string, fields?: object): void;
    warn(message: string, fields?: object): void;
  };
}

type Body<I, O> = (deps: ActivityDeps, attempt: ActivityContext, input: I) => Promise<O>;

/**
 * Makes an activity of a body. Where it has a heartbeat time-out, it heartbeats while the body runs, so that Temporal notices a killed worker within seconds; it logs the end
 * with operation and trace id, and turns errors into failures with a class. An attempt that the fence refuses ends, whatever its body does
 * with failures of its calls.
 *
 * @param how `beatMs` asks for fewer heartbeats; `isRepeatable` says that it does no harm when two workers do it
 */
export function activity<I extends RegionScope & Partial<CallContext>, O>(
  deps: ActivityDeps,
  name: string,
  body: Body<I, O>,
  { beatMs, isRepeatable = false }: { beatMs?: number; isRepeatable?: boolean } = {},
): (input: I) => Promise<O> {
  return async (input) => {
    const context = Context.current();
    const { info } = context;
    const { cluster, region, operation, traceId } = input;
    const log = deps.logger.child({ activity: name, cluster, region, operation, traceId, attempt: info.attempt });
    const resumed = (info.heartbeatDetails as Beat | undefined)?.progress;
    let progress: unknown = resumed;
    let trouble: Trouble | null = null;
    // Not at once: the SDK sends the first beat right away and delays later ones, and the first may carry a command's id.
    const beat = (): void => context.heartbeat({ progress, trouble } satisfies Beat);
    const fenced = createFenced();
    const begun = performance.now();
    const ageAtBegin = Math.max(0, info.currentAttemptScheduledTimestampMs - info.scheduledTimestampMs);
    const attempt: ActivityContext = {
      namespace: info.namespace,
      runId: info.workflowExecution?.runId ?? '',
      number: info.attempt,
      resumed,
      signal: AbortSignal.any([context.cancellationSignal, fenced.signal]),
      cancelled: either(context.cancelled, fenced.reached),
      since: info.scheduledTimestampMs,
      age: () => ageAtBegin + performance.now() - begun,
      heartbeat: (latest) => {
        progress = latest;
        beat();
      },
      tell: (latest) => {
        trouble = latest;
      },
      sleep: (ms) => either(context.sleep(ms), fenced.reached),
      wasCancelled: () => context.cancellationDetails?.cancelRequested ?? false,
      log: {
        debug: (message, fields = {}) => log.debug(fields, message),
        info: (message, fields = {}) => log.info(fields, message),
        warn: (message, fields = {}) => log.warn(fields, message),
      },
    };
    const isSeldom = isRepeatable && input.amongMany === true;
    const pause = pauseOf(info.heartbeatTimeoutMs, beatMs, isSeldom);
    const timer = pause === null ? undefined : setInterval(beat, pause);
    const started = Date.now();
    let leave: () => void = () => undefined;
    try {
      leave = deps.fence.begin(context, fenced.end);
      refuseWhenOld(input.quorumSeenAt, info.scheduledTimestampMs);
      const result = await either(body(inAccount(deps, input), attempt, input), fenced.overdue);
      log.info({ ms: Date.now() - started }, `${name} done`);
      return result;
    } catch (error) {
      if (error instanceof CancelledFailure) throw error;
      // The SDK's clients throw an AbortError of their own; Temporal wants its own failure, unwrapped.
      if (context.cancellationSignal.aborted && isAbort(error)) throw context.cancellationSignal.reason;
      // Whatever the body has thrown.
      const failure = fenced.reason() ?? toFailure(error, name);
      const said = { ms: Date.now() - started, class: failure.type, error: failure.message };
      if (failure.category === ApplicationFailureCategory.BENIGN) log.debug(said, `${name} comes again`);
      else log.warn(said, `${name} failed`);
      throw withBackOff(failure, info.attempt);
    } finally {
      leave();
      fenced.dispose();
      clearInterval(timer);
    }
  };
}

/**
 * A quarter of the time-out: two beats may be late. An activity that asks for fewer has a third, and one of many that harms no one when two workers do it a half [ADR 0097]. The
 * SDK sends at most one a second. [worker/tuning.ts]
 */
function pauseOf(timeoutMs: number | undefined, beatMs: number | undefined, isSeldom: boolean): number | null {
  // The server writes none as zero.
  if (timeoutMs === undefined || timeoutMs === 0) return null;
  if (beatMs !== undefined) return Math.min(beatMs, timeoutMs / 3);
  return timeoutMs / (isSeldom ? 2 : 4);
}

interface Fenced {
  /** Ends the attempt. */
  end(reason: ApplicationFailure): void;
  reason(): ApplicationFailure | null;
  readonly signal: AbortSignal;
  /** Rejects with the reason. */
  readonly reached: Promise<never>;
  /** Rejects with the reason when the body has had the time to end. */
  readonly overdue: Promise<never>;
  dispose(): void;
}

function createFenced(): Fenced {
  const controller = new AbortController();
  const { signal } = controller;
  let timer: NodeJS.Timeout | undefined;
  let reject: (reason: ApplicationFailure) => void = () => undefined;
  const reached = new Promise<never>((_, no) =>
    signal.addEventListener('abort', () => no(signal.reason as ApplicationFailure)),
  );
  const overdue = new Promise<never>((_, no) => {
    reject = no;
  });
  // A body that ends in time waits for neither.
  for (const one of [reached, overdue]) one.catch(() => undefined);
  return {
    end(reason) {
      timer = setTimeout(() => reject(reason), FENCED_MS);
      controller.abort(reason);
    },
    reason: () => (signal.aborted ? (signal.reason as ApplicationFailure) : null),
    signal,
    reached,
    overdue,
    dispose: () => clearTimeout(timer),
  };
}

/** Returns the first of both, and ignores a later rejection. */
function either<T>(one: Promise<T>, other: Promise<never>): Promise<T> {
  const first = Promise.race([one, other]);
  first.catch(() => undefined);
  return first;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
