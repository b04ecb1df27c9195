import { secondsOf } from '../../model/duration.js';
import { forgetFindings } from '../../model/health/findings.js';
import type { Start, Transition } from '../../model/state/transitions.js';
import type { Slot } from '../../model/state.js';
import { type Cluster, now } from './context.js';
import { invalidateObservations } from './observe/kubernetes.js';

/**
 * Applies an event to the slot, and invalidates what the event makes out of date. Steps hold a reference to the slot, so it stays the same
 * object.
 */
export function apply(cluster: Cluster, slot: Slot, { to, forgetsFindings, invalidates }: Transition): void {
  const next = to(slot);
  for (const key of Object.keys(slot) as (keyof Slot)[]) if (!(key in next)) delete slot[key as 'resetFor'];
  Object.assign(slot, next);
  if (forgetsFindings) cluster.state.findings = forgetFindings(cluster.state.findings, slot.name);
  if (invalidates) invalidateObservations(cluster);
}

/** Now, and the end of the document's grace period. */
export function startOf({ state }: Cluster): Start {
  const graceMs = secondsOf(state.document.spec.health.gracePeriod) * 1_000;
  return { at: now(), graceUntil: new Date(Date.now() + graceMs).toISOString() };
}
