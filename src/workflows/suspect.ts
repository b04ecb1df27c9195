import { believe, type FindingKind, findingKey } from '../model/care/findings.js';
import type { Measurement } from '../model/measured.js';
import type { Slot } from '../model/state.js';
import { type Cluster, emit, now } from './cluster-context.js';

/** What a start by our own hand brings about for a while. */
const STARTING: readonly FindingKind[] = ['agent', 'service', 'ready', 'voter', 'readyz'];

/**
 * Takes over what a look saw of one thing of a node, before it is noted as measured; when that comes to count, or no longer does, it is told.
 *
 * @param bad what is wrong, in words; null when it is well
 */
export function suspect(cluster: Cluster, slot: Slot, kind: FindingKind, bad: string | null): void {
  const grace = STARTING.includes(kind) && slot.graceUntil !== null && Date.parse(slot.graceUntil) > Date.now();
  const key = findingKey(slot.name, kind);
  const isNew = cluster.state.findings[key] === undefined;
  suspectKey(cluster, key, slot.name, bad, grace);
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
