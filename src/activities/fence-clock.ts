import { uptime } from 'node:os';

/** What several clocks say, in milliseconds. */
export interface Clocks {
  /** Stands still while the machine sleeps, and no one sets it. */
  monotonic: number;
  /** Since the boot, sleep included. [libuv source: uv_uptime; Linux: /proc/uptime] */
  uptime: number;
  /** The time of day, which anyone may set. */
  wall: number;
}

/** What clocks of different resolution may differ by: a second, with macOS's uptime. */
const RESOLUTION_MS = 1_000;

const read = (): Clocks => ({ monotonic: performance.now(), uptime: uptime() * 1_000, wall: Date.now() });

/**
 * Returns a clock that also passes while the machine sleeps, and that never goes back. A time of day that is set forward looks like a sleep, which costs attempts; one that
 * is set back changes nothing.
 *
 * @param clocks for tests
 */
export function createFenceClock(clocks: () => Clocks = read): () => number {
  let before = clocks();
  let slept = 0;
  return () => {
    const now = clocks();
    const passed = now.monotonic - before.monotonic;
    const missed = Math.max(now.uptime - before.uptime, now.wall - before.wall) - passed;
    if (missed > RESOLUTION_MS) slept += missed;
    before = now;
    return now.monotonic + slept;
  };
}
