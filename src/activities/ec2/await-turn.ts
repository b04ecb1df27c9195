import { failure } from '../../aws/failure.js';
import type { WaitingLine } from '../../aws/waiting-line.js';
import type { CallContext } from '../api.js';

/**
 * Takes a place in the line before a bucket of EC2. What brings back what has run waits in no line.
 *
 * @param who waits: the same each time
 * @param attempted for the message
 * @returns a function to call when the turn has come, or when the attempt ends without it
 * @throws a `throttled` failure `AwaitsTurn`, which is no error: Temporal tries again shortly before the turn
 */
export function enterLine(
  line: WaitingLine,
  { urgent }: Pick<CallContext, 'urgent'>,
  who: string,
  attempted: string,
): () => void {
  if (urgent === true) return () => undefined;
  const away = line.enter(who);
  if (away === null) return () => line.leave(who);
  throw failure({
    code: 'AwaitsTurn',
    class: 'throttled',
    message: `${attempted}: ${away.before} others of this worker go before it, as fast as EC2 lets the account`,
    hint: 'nothing: its turn comes; with clusters in several accounts or regions fewer wait for each other',
    retryAfterMs: Math.round(away.ms),
    benign: true,
  });
}
