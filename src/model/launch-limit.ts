import type { ClusterState } from './state.js';

/**
 * Launches of one slot within the window, whatever is wrong with the instances: EC2 bills each for at least a minute. [docs: EC2 billing]
 */
export const MOST_LAUNCHES = 5;
export const LAUNCH_WINDOW_MS = 10 * 60_000;

type Launches = ClusterState['launches'];

/**
 * Returns when the slot may be launched next, ISO 8601; null when it may be now. No breaker, request or repair changes this limit.
 *
 * @param now ISO 8601
 */
export function launchDue(launches: Launches, slot: string, now: string): string | null {
  const recent = recentOf(launches[slot] ?? [], now);
  const oldest = recent.at(-MOST_LAUNCHES);
  return oldest === undefined ? null : new Date(Date.parse(oldest) + LAUNCH_WINDOW_MS).toISOString();
}

/** Adds a launch of the slot, now; drops the expired times of all slots. */
export function withLaunch(launches: Launches, slot: string, now: string): Launches {
  const kept = Object.entries(launches).map(([name, times]) => [name, recentOf(times, now)] as const);
  const all: Launches = Object.fromEntries(kept.filter(([, times]) => times.length > 0));
  return { ...all, [slot]: [...(all[slot] ?? []), now] };
}

/** Removes the latest launch of the slot, which EC2 has refused: it made no instance. */
export function withoutLaunch(launches: Launches, slot: string): Launches {
  return { ...launches, [slot]: (launches[slot] ?? []).slice(0, -1) };
}

/** Returns why a slot has no instance yet, in words. */
export const deferralText = (slot: string, due: string): string =>
  `launch of ${slot} deferred: limit of ${MOST_LAUNCHES} launches in ${LAUNCH_WINDOW_MS / 60_000} minutes reached; next at ${due}`;

const recentOf = (times: readonly string[], now: string): string[] =>
  times.filter((at) => Date.parse(now) - Date.parse(at) < LAUNCH_WINDOW_MS);
