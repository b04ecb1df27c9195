import { failure } from '../../aws/failure.js';
import type { Rate, TurnPlace } from '../../aws/rate-limiter.js';
import type { WaitingLine } from '../../aws/waiting-line.js';
import { classifyCode } from '../../model/errors/index.js';
import type { CallContext } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';

/** Returns the key of the line before a bucket: what brings back what has run goes before all else, and has a line of its own. */
export const lineKey = (pace: string, { urgent }: Pick<CallContext, 'urgent'>): string =>
  urgent === true ? `${pace}, urgent` : pace;

/**
 * Takes a place in the line before a bucket of EC2.
 *
 * @param who waits: the same each time; `since` is the begin of the operation that waits for it, ISO 8601
 * @param attempted for the message
 * @returns a function to call when the turn has come, or when the attempt ends without it
 * @throws a `throttled` failure `AwaitsTurn`, which counts as no failed try: Temporal tries again shortly before the turn
 */
export function enterLine(line: WaitingLine, who: string, since: string | undefined, attempted: string): () => void {
  const away = line.enter(who, since === undefined ? Date.now() : Date.parse(since));
  if (away === null) return () => line.leave(who);
  throw failure({
    code: 'AwaitsTurn',
    class: 'throttled',
    message: `${attempted}: ${away.before} others of this worker go before it, as fast as EC2 lets the account`,
    hint: classifyCode('AwaitsTurn').hint,
    retryAfterMs: Math.round(away.ms),
    benign: true,
  });
}

/**
 * Waits for a turn of a bucket, whose rate is that of launches if absent. Nothing is sent yet: who waits for it may leave, above all when the workflow was terminated and no one wants
 * the answer.
 */
export async function awaitTurn(
  deps: ActivityDeps,
  attempt: ActivityContext,
  key: string,
  place: TurnPlace,
  rate?: Rate,
): Promise<void> {
  await Promise.race([deps.pace.turn(key, { ...place, signal: attempt.signal }, rate), attempt.cancelled]);
  if (attempt.signal.aborted) throw attempt.signal.reason;
}
