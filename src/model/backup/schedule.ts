import { cronFields, firesInHour } from '../spec/cron.js';
import type { ClusterState } from '../state.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A leap day comes once in eight years at most. */
const HORIZON_MS = 9 * 366 * 24 * HOUR_MS;
/** Pause before the retry of a failed backup; it doubles each time, up to an hour. */
const FIRST_RETRY_MS = 5 * MINUTE_MS;
/** Clusters with one schedule do not begin in the same second. */
const SPREAD_MS = 30_000;
/** How late a backup may be before it counts as stale. */
const LATE_MS = 15 * MINUTE_MS;

/**
 * Returns when the expression fires next after a time, in UTC.
 *
 * @param after ISO 8601
 * @returns ISO 8601; null if it never does, such as on February 30
 */
export function nextFire(expression: string, after: string): string | null {
  const fields = cronFields(expression);
  const first = (Math.floor(Date.parse(after) / MINUTE_MS) + 1) * MINUTE_MS;
  for (let time = first; time <= first + HORIZON_MS; ) {
    const at = new Date(time);
    const wall = {
      minute: at.getUTCMinutes(),
      hour: at.getUTCHours(),
      day: at.getUTCDate(),
      month: at.getUTCMonth() + 1,
      weekday: at.getUTCDay(),
    };
    if (!firesInHour(expression, fields, wall)) time += (60 - wall.minute) * MINUTE_MS;
    else if (fields[0]?.has(wall.minute) === true) return at.toISOString();
    else time += MINUTE_MS;
  }
  return null;
}

/** Returns whether the cluster can take a backup now: it runs, and was complete once. */
export const canBackUp = ({ desiredState, initializedAt, paused, adoption }: ClusterState): boolean =>
  desiredState === 'running' && initializedAt !== null && !paused && adoption === 'done';

/** Returns when the next scheduled backup is due, ISO 8601; it may have passed. Null without a schedule, or while no backup is possible. */
export function backupDue(state: ClusterState): string | null {
  const { backup: schedule } = state.document.spec;
  if (schedule === undefined || !canBackUp(state)) return null;
  const { at, triedAt, failures } = state.backup;
  const fire = nextFire(schedule.schedule, at ?? state.initializedAt ?? state.createdAt);
  const spread = Number.parseInt(state.uid.slice(0, 4), 16) % SPREAD_MS || 0;
  const due = fire === null ? null : later(fire, spread);
  if (failures === 0 || triedAt === null || due === null) return due;
  const retry = later(triedAt, Math.min(HOUR_MS, FIRST_RETRY_MS * 2 ** (failures - 1)));
  return [retry, due].sort().at(-1) ?? due;
}

/** Returns until when the newest backup counts as fresh, ISO 8601: the second time that its schedule fires after it. */
export function freshUntil(schedule: string, since: string): string | null {
  const next = nextFire(schedule, since);
  const second = next === null ? null : nextFire(schedule, next);
  return second === null ? null : later(second, LATE_MS);
}

const later = (from: string, ms: number): string => new Date(Date.parse(from) + ms).toISOString();
