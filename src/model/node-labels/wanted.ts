import { slotsOf, type WantedSlot } from '../ids.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { NodeLabels } from '../state/node.js';
import type { ClusterState, NodeInstance, Slot } from '../state.js';
import { identityLabels } from './identity.js';

export type { NodeLabels } from '../state/node.js';

/**
 * Returns the labels and taints of a node: for an agent its pool's; for a server those of `k3s.config`, which no agent reads; for both
 * those of their instance.
 */
export function wantedLabels(document: ClusterDocument, wanted: WantedSlot, instance: NodeInstance): NodeLabels {
  const { spec } = document;
  const identity = identityLabels(document, instance);
  if (wanted.role === 'agent')
    return { labels: { ...identity, ...wanted.labels }, taints: wanted.taints.map(withValue).sort() };
  const listOf = (key: string): string[] =>
    [spec.k3s.config[key] ?? [], spec.k3s.config[`${key}+`] ?? []].flat().map(String);
  const labels = listOf('node-label').map((text): [string, string] => {
    const at = text.indexOf('=');
    return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
  });
  return { labels: { ...identity, ...Object.fromEntries(labels) }, taints: listOf('node-taint').map(withValue).sort() };
}

/** `key:Effect` is `key=:Effect`: one spelling, so that the two compare. */
function withValue(taint: string): string {
  const colon = taint.lastIndexOf(':');
  return taint.includes('=') || colon < 0 ? taint : `${taint.slice(0, colon)}=${taint.slice(colon)}`;
}

/** Labels that a node has from Keelson and the document no longer has, with their values; taints likewise. */
export function outdatedLabels(before: NodeLabels, wanted: NodeLabels): NodeLabels {
  const identity = (taint: string): string => taint.replace(/=.*:/, ':');
  const kept = new Set(wanted.taints.map(identity));
  return {
    labels: Object.fromEntries(Object.entries(before.labels).filter(([key]) => !Object.hasOwn(wanted.labels, key))),
    taints: before.taints.filter((taint) => !kept.has(identity(taint))),
  };
}

/** Returns the same value for nodes that get the same lines. */
export const labelsKey = ({ labels, taints }: NodeLabels): string =>
  JSON.stringify([Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)), [...taints].sort()]);

/** Returns whether both ask for the same, without a text of each: of every node it is asked with each step. */
export function sameLabels(a: NodeLabels, b: NodeLabels): boolean {
  const keys = Object.keys(a.labels);
  return (
    keys.length === Object.keys(b.labels).length &&
    a.taints.length === b.taints.length &&
    keys.every((key) => Object.hasOwn(b.labels, key) && a.labels[key] === b.labels[key]) &&
    [...a.taints].sort().join() === [...b.taints].sort().join()
  );
}

/** Slots whose Node exists, with what the document sets on it. */
export function labelledSlots(document: ClusterDocument, state: ClusterState): { slot: Slot; wanted: NodeLabels }[] {
  return slotsOf(document).flatMap((one) => {
    const slot = state.slots[one.name];
    const wanted = slot === undefined ? null : labelsOn(document, one, slot);
    return slot === undefined || wanted === null ? [] : [{ slot, wanted }];
  });
}

/** Returns what the document sets on the Node of a slot; null while none can be asked for. */
export function labelsOn(document: ClusterDocument, wanted: WantedSlot, slot: Slot): NodeLabels | null {
  if (!slot.joined || slot.instance?.power !== 'running' || slot.service !== 'running' || !slot.agentOnline)
    return null;
  return wantedLabels(document, wanted, slot.instance);
}

const pairsOf = (labels: Record<string, string>): string[] =>
  Object.entries(labels).map(([key, value]) => `${key}=${value}`);

/**
 * Returns what each Node gets and loses, for the scripts: lines of node, verb and value. Nodes on which the document sets and has set
 * nothing have no lines. Labels of others appear in none.
 *
 * @param withIdentity also the labels of the instance: three lines for each node, for which an observation has no room in a large cluster
 */
export function labelLines(document: ClusterDocument, state: ClusterState, withIdentity = true): string[] {
  return labelledSlots(document, state).flatMap(({ slot, wanted }) => {
    const identity = slot.instance === null ? [] : pairsOf(identityLabels(document, slot.instance));
    const gone = outdatedLabels(slot.nodeLabels ?? { labels: {}, taints: [] }, wanted);
    return [
      ...pairsOf(wanted.labels)
        .filter((pair) => withIdentity || !identity.includes(pair))
        .map((pair) => `label ${pair}`),
      ...wanted.taints.map((taint) => `taint ${taint}`),
      ...pairsOf(gone.labels).map((pair) => `unlabel ${pair}`),
      ...gone.taints.map((taint) => `untaint ${taint}`),
    ].map((what) => `${slot.nodeName} ${what}`);
  });
}
