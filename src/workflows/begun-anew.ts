import { forgetFindings } from '../model/care/findings.js';
import { secondsOf } from '../model/duration.js';
import { withoutMeasured } from '../model/measured.js';
import type { Slot } from '../model/state.js';
import type { Cluster } from './cluster-context.js';

/** The node was started by our own hand: what was known of its health is of before, and for a while what is not well does not count. */
export function begunAnew(cluster: Cluster, slot: Slot): void {
  inGrace(cluster, slot);
  cluster.state.findings = forgetFindings(cluster.state.findings, slot.name);
}

/** The node was started by our own hand: for a while what begins to be wrong with it does not count. */
export function inGrace(cluster: Cluster, slot: Slot): void {
  const { state } = cluster;
  const graceMs = secondsOf(state.document.spec.health.gracePeriod) * 1_000;
  slot.graceUntil = new Date(Date.now() + graceMs).toISOString();
  // K3s may have renewed its certificates and made room in etcd.
  if (slot.facts !== null) slot.facts = { ...slot.facts, deepAt: null, certificatesUntil: null };
  slot.measured = withoutMeasured(slot);
}
