import type { ClusterState } from '../state.js';

const HOUR_MS = 3_600_000;
/** Least replacements within an hour. */
const FEWEST = 3;
/** Share of a large cluster's nodes that may be replaced on a bad day: a tenth. */
const SHARE = 10;

export interface ReplacementLimit {
  /** How many more nodes Keelson may replace now. */
  budget: number;
  /** When it may replace the next one, ISO 8601; null for now. */
  until: string | null;
}

/**
 * Returns the replacement rate limit: when node after node fails, replacing them for ever does not help. A person's request for the repair
 * lifts it.
 *
 * @param now ISO 8601
 */
export function replacementLimitOf(
  state: Pick<ClusterState, 'replacements' | 'slots' | 'repairAsked'>,
  now: string,
): ReplacementLimit {
  if (state.repairAsked) return { budget: Number.MAX_SAFE_INTEGER, until: null };
  const recent = state.replacements.filter((at) => Date.parse(now) - Date.parse(at) < HOUR_MS);
  const budget = mostReplacements(state) - recent.length;
  const [oldest] = recent.slice(Math.max(0, -budget));
  if (budget > 0 || oldest === undefined) return { budget: Math.max(0, budget), until: null };
  return { budget: 0, until: new Date(Date.parse(oldest) + HOUR_MS).toISOString() };
}

/** Returns how many nodes Keelson may replace within an hour. */
export const mostReplacements = ({ slots }: Pick<ClusterState, 'slots'>): number =>
  Math.max(FEWEST, Math.floor(Object.keys(slots).length / SHARE));

/** Returns the times of replacements that still count, with another one. */
export const withReplacement = (before: readonly string[], now: string): string[] => [
  ...before.filter((at) => Date.parse(now) - Date.parse(at) < HOUR_MS),
  now,
];
