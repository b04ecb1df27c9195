import { believe, type FindingKind, findingKey } from '../model/care/findings.js';
import type { Slot } from '../model/state.js';
import { type Cluster, emit, now } from './cluster-context.js';

/** What a start by our own hand brings about for a while. */
const STARTING: readonly FindingKind[] = ['agent', 'service', 'ready', 'voter', 'readyz'];

/**
 * Takes over what a look saw of one thing of a node; when that comes to count, or no longer does, it is told.
 *
 * @param bad what is wrong, in words; null when it is well
 */
export function suspect(cluster: Cluster, slot: Slot, kind: FindingKind, bad: string | null): void {
  const grace = STARTING.includes(kind) && slot.graceUntil !== null && Date.parse(slot.graceUntil) > Date.now();
  suspectKey(cluster, findingKey(slot.name, kind), slot.name, bad, grace);
}

/** As `suspect`, of what has no slot. */
export function suspectKey(cluster: Cluster, key: string, who: string, bad: string | null, grace = false): void {
  const { state } = cluster;
  const before = state.findings[key];
  state.findings = believe(state.findings, key, bad, now(), grace);
  const after = state.findings[key];
  const [held, holds] = [before?.holds === true, after?.holds === true];
  if (held === holds) return;
  if (holds) emit(cluster, 'Warning', 'Unwell', `${who}: ${after?.text}`);
  else emit(cluster, 'Normal', 'WellAgain', `${who}: no longer: ${before?.text}`);
  // What has come to count is said at once, whatever else the look is still waiting for.
  cluster.present('glance');
}
