import type { ClusterState } from '../state.js';

const HOUR_MS = 3_600_000;
/** Replacements within an hour, at least. */
const FEWEST = 3;
/** Of many nodes more are lost on a bad day: a tenth. */
const SHARE = 10;

export interface Brake {
  /** How many more nodes may be replaced now. */
  left: number;
  /** When the next one may be, ISO 8601; null while one may be now. */
  until: string | null;
}

/**
 * The storm brake: whatever it is that makes nodes fail one after the other, replacing them for ever does not mend it. Who asks for the
 * repair takes it off.
 *
 * @param now ISO 8601
 */
export function brakeOf(state: Pick<ClusterState, 'replacements' | 'slots' | 'repairAsked'>, now: string): Brake {
  if (state.repairAsked) return { left: Number.MAX_SAFE_INTEGER, until: null };
  const recent = state.replacements.filter((at) => Date.parse(now) - Date.parse(at) < HOUR_MS);
  const left = mostReplacements(state) - recent.length;
  const [oldest] = recent.slice(Math.max(0, -left));
  if (left > 0 || oldest === undefined) return { left: Math.max(0, left), until: null };
  return { left: 0, until: new Date(Date.parse(oldest) + HOUR_MS).toISOString() };
}

/** How many nodes may be replaced within an hour. */
export const mostReplacements = ({ slots }: Pick<ClusterState, 'slots'>): number =>
  Math.max(FEWEST, Math.floor(Object.keys(slots).length / SHARE));

/** The times of replacements that still count, with one more. */
export const withReplacement = (before: readonly string[], now: string): string[] => [
  ...before.filter((at) => Date.parse(now) - Date.parse(at) < HOUR_MS),
  now,
];
