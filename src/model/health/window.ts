import { secondsOf } from '../duration.js';
import { cronFields, firesInHour, type WallTime } from '../spec/cron.js';
import type { ClusterDocument } from '../spec/schema.js';

export interface UpkeepTime {
  /** Whether upkeep is allowed now. */
  open: boolean;
  /** When the window opens, ISO 8601; null if it is open, if there is none, or if it does not open within the horizon. */
  opensAt: string | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A waiting cluster plans again before that. */
const HORIZON_MS = 31 * 24 * HOUR_MS;

/** Returns when deferrable work may run: at any time for a document without a window. */
export function upkeepTime(document: ClusterDocument, now: string): UpkeepTime {
  const { window } = document.spec.upgrade;
  const at = Math.floor(Date.parse(now) / MINUTE_MS) * MINUTE_MS;
  if (window === undefined || Number.isNaN(at)) return { open: window === undefined, opensAt: null };
  const clock = wallClock(window.timezone);
  const fields = cronFields(window.start);
  const fires = (time: number): boolean => fields[0]?.has(clock(time).minute) === true;
  const search = (from: number, to: number): number | null => {
    for (let time = from; time <= to; ) {
      const wall = clock(time);
      if (!firesInHour(window.start, fields, wall)) time += (60 - wall.minute) * MINUTE_MS;
      else if (fires(time)) return time;
      else time += MINUTE_MS;
    }
    return null;
  };
  const begun = search(at - secondsOf(window.duration) * 1_000 + MINUTE_MS, at);
  if (begun !== null) return { open: true, opensAt: null };
  const next = search(at + MINUTE_MS, at + HORIZON_MS);
  return { open: false, opensAt: next === null ? null : new Date(next).toISOString() };
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Reads the wall clock of a time zone. */
function wallClock(timeZone: string): (time: number) => WallTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
    return {
      minute: Number(parts['minute']),
      hour: Number(parts['hour']),
      day: Number(parts['day']),
      month: Number(parts['month']),
      weekday: WEEKDAYS.indexOf(parts['weekday'] ?? ''),
    };
  };
}
