import { detailOf, toFailure } from '../aws/failure.js';
import type { ActivityContext } from './attempt.js';

/** How many errors in a row a wait tolerates. */
const ROW = 12;
const LONGEST_PAUSE_MS = 8_000;
const PASSING = new Set(['throttled', 'transient', 'not-found-yet']);

/**
 * Repeats an observation after errors that pass: they are not a reason to give up a wait and have Temporal start it again. Each error in a
 * row doubles the pause, with jitter; the first good answer resets it.
 *
 * @param attempted what is observed, for the message
 */
export function retryTransient(attempt: ActivityContext, attempted: string): <T>(look: () => Promise<T>) => Promise<T> {
  let errors = 0;
  let since = '';
  return async (look) => {
    for (;;) {
      try {
        const seen = await Promise.race([look(), attempt.cancelled]);
        if (errors > 0) attempt.tell(null);
        errors = 0;
        return seen;
      } catch (error) {
        if (attempt.signal.aborted) throw attempt.signal.reason;
        const failure = toFailure(error, attempted);
        errors += 1;
        if (!PASSING.has(failure.type ?? '') || errors > ROW) throw failure;
        attempt.log.warn(`${attempted}: tried again`, { error: failure.message, errors });
        const pause = Math.min(LONGEST_PAUSE_MS, 250 * 2 ** errors) * (0.5 + Math.random() / 2);
        if (errors === 1) since = new Date().toISOString();
        const { code, class: errorClass, message, hint } = detailOf(failure);
        const nextAt = new Date(Date.now() + pause).toISOString();
        attempt.tell({ code, class: errorClass, message, hint, failures: errors, since, nextAt });
        await attempt.sleep(pause);
      }
    }
  };
}
