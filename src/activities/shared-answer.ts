import { toFailure } from '../aws/failure.js';
import type { ActivityContext } from './attempt.js';

/**
 * Waits for an answer that others wait for, too. An attempt that has ended leaves, and the call goes on for the others.
 *
 * @param attempted what is tried, for the message
 * @throws a failure with a class; the signal's reason when the attempt has ended
 */
export async function sharedAnswer<T>(
  attempt: Pick<ActivityContext, 'signal' | 'cancelled'>,
  attempted: string,
  answer: Promise<T>,
): Promise<T> {
  try {
    return await Promise.race([answer, attempt.cancelled]);
  } catch (error) {
    if (attempt.signal.aborted) throw attempt.signal.reason;
    throw toFailure(error, attempted);
  }
}
