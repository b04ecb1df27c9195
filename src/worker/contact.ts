import type { NativeConnection } from '@temporalio/worker';

/** Pause between two questions, and time for an answer: together short enough that the fence hears in time of a slow server. */
const ASK_MS = 500;
const ANSWER_MS = 3_500;

/**
 * Asks Temporal twice a second for something free of charge. Heartbeats do not show whether they arrive.
 *
 * @param asks is called when a question begins, and what it returns when that is answered
 * @returns a function that ends it
 */
export function keepContact(connection: NativeConnection, asks: () => () => void): () => void {
  const ask = (): void => {
    const heard = asks();
    connection
      .withDeadline(Date.now() + ANSWER_MS, () => connection.workflowService.getSystemInfo({}))
      .then(heard)
      // The fence notices silence.
      .catch(() => undefined);
  };
  asks()();
  const timer = setInterval(ask, ASK_MS);
  return () => clearInterval(timer);
}
