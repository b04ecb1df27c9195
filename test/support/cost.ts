/** What hostile input may cost: 200 ms of CPU and 100 MiB. The factor is for a machine that is busy with other tests. */
export const SIZE = 256 * 1024;
export const MOST_CPU_MS = 800;
export const MOST_MIB = 100;

export interface Cost<T> {
  result: T;
  cpuMs: number;
  /** By how much the process's peak has grown. */
  peakMiB: number;
}

export function costOf<T>(act: () => T): Cost<T> {
  const peak = process.resourceUsage().maxRSS;
  const before = process.cpuUsage();
  const result = act();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuMs: (user + system) / 1_000, peakMiB: (process.resourceUsage().maxRSS - peak) / 1_024 };
}

/** A text of this size that repeats a part. */
export const filled = (part: string, before = '', after = '', size = SIZE): string =>
  before + part.repeat(Math.max(0, Math.floor((size - before.length - after.length) / part.length))) + after;
