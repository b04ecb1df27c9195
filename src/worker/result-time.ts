import { CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { FailedAt, Timed } from '../workflows/lib/result-time.js';

/** Notes with each result, and each failure, when it was made, which the workflow goes by. [docs/adr/0079] */
export const resultTimeInterceptor: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    execute: async (input, next): Promise<Timed> => {
      const began = performance.now();
      // By the clock of the Temporal server, as all other times of a workflow: that of this machine may be wrong.
      const now = (): number => Math.round(info.currentAttemptScheduledTimestampMs + performance.now() - began);
      try {
        const result: unknown = await next(input);
        return { resultAt: now(), result };
      } catch (error) {
        if (isNoFailure(error)) throw error;
        const failure = ApplicationFailure.fromError(error);
        const details = [failure.details?.[0] ?? null, { failedAt: now() } satisfies FailedAt];
        throw ApplicationFailure.fromError(failure, { details });
      }
    },
  },
});

/** What the SDK knows by its kind: the end of a cancelled activity, and of one that someone else completes. [@temporalio/worker 1.24: activity.ts] */
const isNoFailure = (error: unknown): boolean =>
  error instanceof CancelledFailure ||
  error instanceof CompleteAsyncError ||
  (error instanceof Error && error.name === 'AbortError');
