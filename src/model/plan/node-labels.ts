import { confirmedFinding } from '../health/findings.js';
import { labelledSlots, type NodeLabels, outdatedLabels, sameLabels } from '../node-labels/wanted.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import type { PlanBuilder } from './steps.js';

const NOTHING: NodeLabels = { labels: {}, taints: [] };

/**
 * Returns whether the node's labels or taints must change: the document asks for others than it got, or someone has changed them by hand.
 */
export function needsLabels(state: ClusterState, slot: Slot, wanted: NodeLabels): boolean {
  return !sameLabels(slot.nodeLabels ?? NOTHING, wanted) || confirmedFinding(state, slot.name, 'labels') !== null;
}

/**
 * Sets labels and taints through the API, without a restart: kubelets take taints only when they register, and K3s merges labels at a start
 * and never removes one. [k3s source: pkg/agent/run.go, updateMutableLabels; docs: cli/agent]
 *
 * @param after ids of steps that come before
 */
export function planNodeLabels(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  after: string[] = [],
): void {
  const due = labelledSlots(document, state).filter(({ slot, wanted }) => needsLabels(state, slot, wanted));
  if (due.length === 0) return;
  const byHand = due.every(({ slot, wanted }) => sameLabels(slot.nodeLabels ?? NOTHING, wanted));
  const changes = new Set(due.map(({ slot, wanted }) => changeText(slot.nodeLabels ?? NOTHING, wanted)));
  const names = due.map(({ slot }) => slot.name);
  const who = names.length <= 4 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;
  plan.add({
    kind: 'label-nodes',
    phase: byHand ? 'Configuring' : 'Updating',
    after,
    title: byHand ? `set labels and taints of ${who} again` : `${who}: ${[...changes].slice(0, 3).join('; ')}`,
    reason: byHand ? 'someone has changed them by hand' : 'the document asks for other labels or taints',
  });
}

/** Returns e.g. `set label disk=ssd, remove taint x=:NoExecute`. */
function changeText(before: NodeLabels, wanted: NodeLabels): string {
  const gone = outdatedLabels(before, wanted);
  const labels = Object.entries(wanted.labels).filter(([key, value]) => before.labels[key] !== value);
  const taints = wanted.taints.filter((taint) => !before.taints.includes(taint));
  return [
    ...labels.map(([key, value]) => `set label ${key}=${value}`),
    ...taints.map((taint) => `set taint ${taint.replace('=:', ':')}`),
    ...Object.keys(gone.labels).map((key) => `remove label ${key}`),
    ...gone.taints.map((taint) => `remove taint ${taint.replace('=:', ':')}`),
  ].join(', ');
}
