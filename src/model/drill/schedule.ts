import { canBackUp } from '../backup/schedule.js';
import type { ClusterState } from '../state.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** Clusters of one age do not launch their machines in the same minute. */
const SPREAD_MS = HOUR_MS;
/** A drill takes minutes; one without a report for so long has lost its workflow. */
const LOST_MS = HOUR_MS;

/**
 * Returns when a drill should begin, ISO 8601; it may have passed. Null when none is wanted, or one runs. The first scheduled drill follows
 * the first backup; a failed one is repeated after a day.
 */
export function drillDue(state: ClusterState): string | null {
  const { drill, backup, uid, createdAt } = state;
  if (drill.running !== null || !canBackUp(state) || state.restore !== null) return null;
  if (drill.asked) return createdAt;
  if (state.document.spec.backup?.drill !== 'weekly') return null;
  const spread = Number.parseInt(uid.slice(4, 8), 16) % SPREAD_MS || 0;
  if (drill.last === null) return backup.at === null ? null : later(backup.at, spread);
  // Counted from its start, so that the weekday stays.
  return later(drill.last.startedAt, drill.last.problem === null ? WEEK_MS : DAY_MS);
}

/** Returns when a running drill counts as lost, ISO 8601; null when none runs. */
export const drillLostAt = ({ drill }: Pick<ClusterState, 'drill'>): string | null =>
  drill.running === null ? null : later(drill.running.since, LOST_MS);

const later = (from: string, ms: number): string => new Date(Date.parse(from) + ms).toISOString();
