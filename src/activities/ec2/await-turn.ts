import { ApplicationFailure } from '@temporalio/common';
import { detailOf, failure } from '../../aws/failure.js';
import type { Rate, TurnPlace } from '../../aws/rate-limiter.js';
import type { WaitingLine } from '../../aws/waiting-line.js';
import { classifyCode } from '../../model/errors/index.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** How long one waits in the worker before it asks whether its turn is still near. */
const ASK_AGAIN_MS = 10_000;

/** A place in the line before a bucket of EC2. */
export interface PlaceInLine {
  /** To be called when the turn has come, or when the attempt ends without it. */
  leave: () => void;
  /** Returns what to leave the worker with when the turn is far away by now; else null. */
  ask: () => ApplicationFailure | null;
}

/**
 * Takes a place in the line before a bucket of EC2.
 *
 * @param who waits: the same each time; `since` is the begin of the operation that waits for it, ISO 8601
 * @param attempted for the message
 * @throws a `throttled` failure `AwaitsTurn`, which counts as no failed try: Temporal tries again shortly before the turn
 */
export function enterLine(line: WaitingLine, who: string, since: string | undefined, attempted: string): PlaceInLine {
  const from = since === undefined ? Date.now() : Date.parse(since);
  const ask = (): ApplicationFailure | null => {
    const away = line.enter(who, from);
    if (away === null) return null;
    return failure({
      code: 'AwaitsTurn',
      class: 'throttled',
      message: `${attempted}: ${Math.round(away.before)} others of this worker go before it, as fast as EC2 lets the account`,
      hint: classifyCode('AwaitsTurn').hint,
      retryAfterMs: Math.round(away.ms),
      benign: true,
    });
  };
  const away = ask();
  if (away !== null) throw away;
  return { leave: () => line.leave(who), ask };
}

/**
 * Waits for a turn of a bucket, whose rate is that of launches if absent. Nothing is sent yet: who waits for it may leave, above all when the workflow was terminated and no one wants
 * the answer.
 *
 * @param line where the caller has a place: it leaves when others have pushed its turn away
 * @throws as `enterLine`
 */
export async function awaitTurn(
  deps: ActivityDeps,
  attempt: ActivityContext,
  key: string,
  { line, ...place }: TurnPlace & { line?: PlaceInLine },
  rate?: Rate,
): Promise<void> {
  const left = new AbortController();
  const signal = AbortSignal.any([attempt.signal, left.signal]);
  let timer: NodeJS.Timeout | undefined;
  const pushedAway = new Promise<never>((_, reject) => {
    if (line !== undefined)
      timer = setInterval(() => {
        const away = line.ask();
        if (away !== null) reject(away);
      }, ASK_AGAIN_MS);
  });
  try {
    await Promise.race([deps.pace.turn(key, { ...place, signal }, rate), attempt.cancelled, pushedAway]);
  } finally {
    clearInterval(timer);
    left.abort();
  }
  if (attempt.signal.aborted) throw attempt.signal.reason;
}

/** Of an attempt that left before it sent anything: the next one may rely on it. */
interface Unsent {
  unsentThrough: number;
}

/** Returns whether each earlier attempt left for its turn before it sent anything. One that was lost with its worker may have sent. */
export const isUnsent = ({ number, resumed }: ActivityContext): boolean =>
  number === 1 || (resumed as Partial<Unsent> | undefined)?.unsentThrough === number - 1;

/** Runs what may leave for the turn, and tells the next attempt then that nothing was sent. */
export async function leavingUnsent<T>(attempt: ActivityContext, waits: () => T | Promise<T>): Promise<T> {
  const unsent = isUnsent(attempt);
  try {
    return await waits();
  } catch (error) {
    const hasLeft = error instanceof ApplicationFailure && detailOf(error).code === 'AwaitsTurn';
    if (unsent && hasLeft) attempt.heartbeat({ unsentThrough: attempt.number } satisfies Unsent);
    throw error;
  }
}
