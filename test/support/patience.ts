/**
 * Longest wait for what has to come, in milliseconds. It says nothing of how fast that is, which benchmarks measure: a machine with other work
 * is several times slower than a quiet one, and a test that waits in vain fails by its message and not by its time.
 */
export const PATIENCE_MS = 300_000;
