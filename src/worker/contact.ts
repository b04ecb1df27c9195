import type { NativeConnection } from '@temporalio/worker';

/** Pause between two questions, and time for an answer: together short enough that the fence hears in time of a slow server. */
const ASK_MS = 500;
const ANSWER_MS = 3_500;

/**
 * Asks Temporal twice a second for something free of charge. Heartbeats do not show whether they arrive.
 *
 * @param heard gets the time of an answered question
 * @returns a function that ends it
 */
export function keepContact(connection: NativeConnection, heard: (askedAt: number) => void): () => void {
  const ask = (): void => {
    const askedAt = Date.now();
    connection
      .withDeadline(askedAt + ANSWER_MS, () => connection.workflowService.getSystemInfo({}))
      .then(() => heard(askedAt))
      // The fence notices silence.
      .catch(() => undefined);
  };
  heard(Date.now());
  const timer = setInterval(ask, ASK_MS);
  return () => clearInterval(timer);
}
