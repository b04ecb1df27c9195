import { type Hold, holdOf } from '../breaker.js';
import type { ClusterState } from '../state.js';
import { type Plan, plan } from './index.js';

/** What the loop does next: it has nothing to do, has to wait before it tries anything, or carries the plan out. */
export type Move =
  | { kind: 'idle'; plan: Plan }
  | { kind: 'hold'; plan: Plan; hold: Hold }
  | { kind: 'try'; plan: Plan };

/**
 * Decides whether the loop may try anything now. This alone decides it, from carried facts and the time: not what woke the loop, nor how often,
 * nor whether the history or the worker is a new one.
 *
 * @param now ISO 8601
 */
export function nextMove(state: ClusterState, now: string): Move {
  const next = plan(state.document, state, null, now);
  if (next.steps.length === 0) return { kind: 'idle', plan: next };
  // What has failed of the cluster's nodes says nothing about a backup, which a person waits for.
  if (next.kind === 'backup') return { kind: 'try', plan: next };
  const hold = holdOf(state.breakers, now);
  return hold === null ? { kind: 'try', plan: next } : { kind: 'hold', plan: next, hold };
}
