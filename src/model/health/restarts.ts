/** Keelson's restarts of a node's K3s since its last long healthy period. */
export interface Restarts {
  count: number;
  /** Time of the last one, ISO 8601. */
  at: string;
}

const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** A restart that holds so long has helped: the next one counts as the first again. */
const CALM_MS = 3_600_000;

/** Returns when Keelson may next restart a node's K3s, ISO 8601: at once, then after waits that double. */
export function restartDue(restarts: Restarts | null): string | null {
  if (restarts === null) return null;
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (restarts.count - 1));
  return new Date(Date.parse(restarts.at) + waitMs).toISOString();
}

/** Adds a restart, now. */
export function withRestart(before: Restarts | null, now: string): Restarts {
  const calm = before === null || Date.parse(now) - Date.parse(before.at) > CALM_MS;
  return { count: calm ? 1 : before.count + 1, at: now };
}
