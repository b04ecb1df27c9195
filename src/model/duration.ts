import { DURATION } from './spec/parts/field.js';

const PER_UNIT = { h: 3600, m: 60, s: 1 } as const;

/** Returns the seconds of `90s`, `5m`, `1h30m`. Throws a RangeError for a text that the schema refuses. */
export function secondsOf(duration: string): number {
  if (!DURATION.test(duration)) throw new RangeError(`"${duration}" is not a duration such as 90s, 5m or 1h30m`);
  let seconds = 0;
  for (const [, count, unit] of duration.matchAll(/(\d+)([hms])/g)) {
    seconds += Number(count) * PER_UNIT[unit as keyof typeof PER_UNIT];
  }
  return seconds;
}
