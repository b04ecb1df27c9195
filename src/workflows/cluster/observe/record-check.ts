import { applyCheck, type FindingKind, findingKey, STARTING } from '../../../model/health/findings.js';
import type { Measurement } from '../../../model/measured.js';
import type { Slot } from '../../../model/state.js';
import { type Cluster, emit, now } from '../context.js';

/**
 * Records the result of one check of a node before the observation marks it as measured, and emits an event when a finding becomes confirmed or ends.
 *
 * @param bad the problem, in words; null if the check passes
 */
export function recordCheck(cluster: Cluster, slot: Slot, kind: FindingKind, bad: string | null): void {
  // All checks of one observation are in grace, or none: two that belong together, such as agent and node, are confirmed together.
  const grace =
    STARTING.includes(kind) &&
    slot.graceUntil !== null &&
    slot.graceUntil > (cluster.state.observationStartedAt ?? now());
  const key = findingKey(slot.name, kind);
  const isNew = cluster.state.findings[key] === undefined;
  recordCheckOf(cluster, key, slot.name, bad, grace);
  const finding = cluster.state.findings[key];
  if (isNew && finding !== undefined && slot.measured[MEASURED_BY[kind]] === undefined)
    cluster.state.findings = { ...cluster.state.findings, [key]: { ...finding, first: true } };
}

const MEASURED_BY: Record<FindingKind, Measurement> = {
  'system-check': 'checks',
  'instance-check': 'checks',
  'volume-check': 'checks',
  agent: 'agent',
  silent: 'agent',
  service: 'service',
  version: 'service',
  ready: 'node',
  voter: 'node',
  pressure: 'node',
  labels: 'node',
  manifests: 'facts',
  config: 'facts',
  readyz: 'api',
  disk: 'facts',
  clock: 'facts',
  certificates: 'facts',
  database: 'facts',
  nospace: 'facts',
  corrupt: 'facts',
};

/** As `suspect`, of what has no slot. */
export function recordCheckOf(cluster: Cluster, key: string, who: string, bad: string | null, grace = false): void {
  const { state } = cluster;
  const before = state.findings[key];
  state.findings = applyCheck(state.findings, key, bad, now(), grace);
  const after = state.findings[key];
  const [held, confirmed] = [before?.confirmed === true, after?.confirmed === true];
  if (held === confirmed) return;
  if (confirmed) emit(cluster, 'Warning', 'Unhealthy', `${who}: ${after?.text}`);
  else emit(cluster, 'Normal', 'Recovered', `${who}: no longer: ${before?.text}`);
  // People read a confirmed finding at once, even if the rest of the observation still waits.
  cluster.status.publish('with-next-write');
}
