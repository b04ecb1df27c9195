/** From so many days on, hours say nothing. [kubernetes: apimachinery, duration.HumanDuration] */
const WHOLE_DAYS = 8;

/** Returns `377d`, `5d3h`, `2h5m`, `3m20s` or `7s`: two units at most, as people read ages. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (days > 0) return hours > 0 && days < WHOLE_DAYS ? `${days}d${hours}h` : `${days}d`;
  if (hours > 0) return minutes > 0 ? `${hours}h${minutes}m` : `${hours}h`;
  if (minutes > 0) return seconds % 60 > 0 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  return `${seconds}s`;
}

/** Age of an ISO time. */
export const age = (iso: string, now = Date.now()): string => duration(now - Date.parse(iso));

/** Returns the time between two ISO times, to a tenth of a second if that matters; up to now without the second. */
export function between(from: string, to: string | null, now = Date.now()): string {
  const ms = Math.max(0, (to === null ? now : Date.parse(to)) - Date.parse(from));
  return ms < 59_950 ? `${(ms / 1_000).toFixed(1)}s` : duration(ms);
}

/** `2026-03-01 12:30:05Z` */
export const moment = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')}Z`;
