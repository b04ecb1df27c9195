/**
 * Longest wait for what has to come, in milliseconds. It says nothing of how fast that is, which benchmarks measure: a machine with other work
 * is several times slower than a quiet one, and a test that waits in vain fails by its message and not by its time.
 */
export const PATIENCE_MS = 300_000;

/** Looks at what comes soon follow one another so closely, and looks at what is waited for already for long no further apart. */
const NEXT_LOOK_MS = { least: 50, most: 250 };

/**
 * Resolves when it is time to look again: after a tenth of what was waited so far. To ask a workflow for its status costs Temporal, the worker and the test
 * 15 ms of processor time together: six files that asked twenty times a second took most of two cores from what they waited for.
 *
 * @param began reading of `performance.now()` at which the wait began
 */
export async function nextLook(began: number): Promise<void> {
  const { least, most } = NEXT_LOOK_MS;
  const pause = Math.min(most, Math.max(least, (performance.now() - began) / 10));
  await new Promise((resolve) => setTimeout(resolve, pause));
}
