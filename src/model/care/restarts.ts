/** Restarts of a node's K3s by our own hand, since it last was well for long. */
export interface Restarts {
  count: number;
  /** The last one, ISO 8601. */
  at: string;
}

const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** What holds that long has helped: the next restart is a first one again. */
const CALM_MS = 3_600_000;

/** When K3s of a node may be restarted for the next time, ISO 8601: at once, then after waits that double. */
export function restartDue(restarts: Restarts | null): string | null {
  if (restarts === null) return null;
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (restarts.count - 1));
  return new Date(Date.parse(restarts.at) + waitMs).toISOString();
}

/** With one more, now. */
export function withRestart(before: Restarts | null, now: string): Restarts {
  const calm = before === null || Date.parse(now) - Date.parse(before.at) > CALM_MS;
  return { count: calm ? 1 : before.count + 1, at: now };
}
