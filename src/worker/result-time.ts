import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { Timed } from '../workflows/lib/result-time.js';

/** Notes with each result when it was made, which the workflow goes by. [docs/adr/0079] */
export const resultTimeInterceptor: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    execute: async (input, next): Promise<Timed> => {
      const began = performance.now();
      const result: unknown = await next(input);
      // By the clock of the Temporal server, as all other times of a workflow: that of this machine may be wrong.
      return { resultAt: Math.round(info.currentAttemptScheduledTimestampMs + performance.now() - began), result };
    },
  },
});
