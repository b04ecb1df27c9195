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

/** Adds a launch of the slot, now. Of hundreds of slots that are launched together only this one is touched. */
export function recordLaunch({ launches }: Pick<ClusterState, 'launches'>, slot: string, now: string): void {
  launches[slot] = [...recentOf(launches[slot] ?? [], now), now];
}

/** Removes the latest launch of the slot, which EC2 has refused: it made no instance. */
export function forgetLaunch({ launches }: Pick<ClusterState, 'launches'>, slot: string): void {
  launches[slot] = (launches[slot] ?? []).slice(0, -1);
}

/** Drops the expired times of all slots, also of those that are gone. */
export function recentLaunches(launches: Launches, now: string): Launches {
  const kept = Object.entries(launches).map(([slot, times]) => [slot, recentOf(times, now)] as const);
  return Object.fromEntries(kept.filter(([, times]) => times.length > 0));
}

/** Returns why a slot has no instance yet, in words. */
export const deferralText = (slot: string, due: string): string =>
  `launch of ${slot} deferred: limit of ${MOST_LAUNCHES} launches in ${LAUNCH_WINDOW_MS / 60_000} minutes reached; next at ${due}`;

function recentOf(times: readonly string[], now: string): string[] {
  const end = Date.parse(now) - LAUNCH_WINDOW_MS;
  return times.filter((at) => Date.parse(at) > end);
}
