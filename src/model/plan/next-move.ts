import { type Hold, holdOf } from '../breaker.js';
import type { ClusterState } from '../state.js';
import { type Plan, plan } from './index.js';

/** Next move of the loop: idle, wait before the next try, or carry the plan out. */
export type Move =
  | { kind: 'idle'; plan: Plan }
  | { kind: 'hold'; plan: Plan; hold: Hold }
  | { kind: 'try'; plan: Plan };

/**
 * Decides whether the loop may try anything now, from carried facts and the time alone: not from what woke the loop, nor how often, nor
 * from a new history or worker.
 *
 * @param now ISO 8601
 */
export function nextMove(state: ClusterState, now: string): Move {
  const next = plan(state, now);
  if (next.steps.length === 0) return { kind: 'idle', plan: next };
  // A failure of the cluster's nodes says nothing about a backup, which a person waits for.
  if (next.kind === 'backup') return { kind: 'try', plan: next };
  const hold = holdOf(state.breakers, now);
  return hold === null ? { kind: 'try', plan: next } : { kind: 'hold', plan: next, hold };
}
