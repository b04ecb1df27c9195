import type { FindingKind } from '#src/model/health/findings.js';
import { slotsOf } from '#src/model/ids.js';
import { wantedLabels } from '#src/model/node-labels/wanted.js';
import { plan } from '#src/model/plan/index.js';
import { nodeConfigOf } from '#src/model/plan/wanted.js';
import type { ClusterState, Slot } from '#src/model/state.js';
import { measuredWhole } from '../measured.js';
import { documentOf } from '../plan/documents.js';
import { settle } from '../plan/settle.js';
import { emptyState, ModelWorld } from '../plan/world.js';

export const NOW = '2026-01-01T12:00:00.000Z';
export const later = (minutes: number): string => new Date(Date.parse(NOW) + minutes * 60_000).toISOString();

/** A cluster that runs, three servers or one, and agents; its nodes were seen Ready at NOW. Servers and agents are spread over three zones. */
export function running({
  mode = 'ha',
  agents = 2,
  spec = {},
}: {
  mode?: 'ha' | 'dev';
  agents?: number;
  spec?: object;
} = {}): ClusterState {
  const document = documentOf({ mode, pools: [{ name: 'workers', count: agents, type: 't3.large' }] });
  const state = emptyState({ ...document, spec: { ...document.spec, ...spec } });
  settle(new ModelWorld(), state, () => 0);
  for (const slot of Object.values(state.slots)) {
    const place = 'abc'[Number(slot.name.at(-1)) % 3] ?? 'a';
    if (slot.instance) Object.assign(slot.instance, { zone: `eu-west-1${place}`, subnetId: `subnet-${place}` });
  }
  // The zone is part of a node's configuration and labels.
  for (const wanted of slotsOf(state.document)) {
    const slot = state.slots[wanted.name];
    if (!slot?.instance) continue;
    slot.configHash = nodeConfigOf(state.document, state, wanted, slot, slot.instance).hash;
    slot.nodeLabels = wantedLabels(state.document, wanted, slot.instance);
  }
  return seen(measuredWhole(state, NOW), NOW);
}

/** Kubernetes was asked at a time: all nodes are Ready but those against which the state holds a NotReady. */
export function seen(state: ClusterState, at: string): ClusterState {
  const nodes = Object.values(state.slots).map((slot) => ({
    name: slot.nodeName,
    ready: state.findings[`${slot.name}/ready`] === undefined,
    voter: slot.role === 'server' ? true : null,
    version: state.document.spec.k3s.version,
    schedulable: true,
    internalIp: slot.instance?.privateIp ?? '',
  }));
  return { ...state, observationStartedAt: at, observedNodes: { at, nodes } };
}

/** Two looks have seen it, the last one too; what Kubernetes said was measured after it. */
export function ill(state: ClusterState, slot: string, kind: FindingKind, since = NOW): ClusterState {
  const finding = { text: `${kind} of ${slot}`, confirmed: true, since, pendingSince: null };
  const [, at = since] = [since, state.observedNodes?.at ?? NOW].sort();
  return seen({ ...state, findings: { ...state.findings, [`${slot}/${kind}`]: finding } }, at);
}

export function slotOf(state: ClusterState, name: string): Slot {
  const slot = state.slots[name];
  if (slot === undefined) throw new Error(`no ${name} in ${Object.keys(state.slots).join(', ')}`);
  return slot;
}

export const change = (state: ClusterState, name: string, with_: Partial<Slot>): ClusterState => ({
  ...state,
  slots: { ...state.slots, [name]: { ...slotOf(state, name), ...with_ } },
});

export const planned = (state: ClusterState, now = NOW) => plan(state, now);
export const ids = (state: ClusterState, now = NOW): string[] => planned(state, now).steps.map((step) => step.id);
/** What the plan does to the machine of a slot. */
export const deeds = (state: ClusterState, now = NOW): string[] =>
  ids(state, now).filter((id) => /^(start-service|reboot|stop-instance|retire|launch|save-volume|terminate)/.test(id));
