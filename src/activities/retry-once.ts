import { toFailure } from '../aws/failure.js';
import type { ActivityContext } from './attempt.js';

const PAUSE_MS = 2_000;
const PASSING: ReadonlySet<string> = new Set(['throttled', 'transient', 'not-found-yet']);

/**
 * Repeats a call once before it counts as failed: what passes within seconds is not worth a report. After a time-out it does not repeat,
 * because then the time is up.
 *
 * @param attempted what is tried, for the message
 * @throws a failure with a class; the signal's reason when the attempt has ended
 */
export async function retryOnce<T>(
  attempt: Pick<ActivityContext, 'signal' | 'sleep'>,
  attempted: string,
  call: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt.signal.aborted) throw attempt.signal.reason;
      const failure = toFailure(error, attempted);
      const isLate = performance.now() - began > 2 * PAUSE_MS;
      if (tries > 1 || isLate || !PASSING.has(failure.type ?? '')) throw failure;
      await attempt.sleep(PAUSE_MS * (0.75 + Math.random() / 2));
    }
  }
}
