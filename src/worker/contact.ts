import type { NativeConnection } from '@temporalio/worker';

/** Between two questions, and how long an answer may take: with both, the fence hears of a server that is slow but there in time. */
const ASK_MS = 1_000;
const ANSWER_MS = 3_500;

/**
 * Asks Temporal every second for what costs it nothing. Heartbeats do not tell whether they arrive.
 *
 * @param heard told when the question was sent that has been answered
 * @returns a function that ends it
 */
export function keepContact(connection: NativeConnection, heard: (askedAt: number) => void): () => void {
  const ask = (): void => {
    const askedAt = Date.now();
    connection
      .withDeadline(askedAt + ANSWER_MS, () => connection.workflowService.getSystemInfo({}))
      .then(() => heard(askedAt))
      // Silence is what the fence looks at.
      .catch(() => undefined);
  };
  heard(Date.now());
  const timer = setInterval(ask, ASK_MS);
  return () => clearInterval(timer);
}
