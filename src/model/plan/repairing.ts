import { confirmedFinding, forgetFindings } from '../health/findings.js';
import type { Remediation } from '../health/remediations.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { lostInstance } from './lost-instance.js';
import type { PlanBuilder, Step } from './steps.js';

/**
 * Plans the repair of one existing node: behind the quorum gate, after a drain if its pods can still move. The steps of a replacement come
 * after these.
 */
export function planRepair(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  repair: Remediation,
): void {
  const { slot, action, reason } = repair;
  const gated = slot.role === 'server' && document.spec.mode === 'ha';
  const disruption = slot.role === 'agent' || document.spec.mode === 'ha' ? 'node' : 'cluster';
  let last: string[] = ['remove-stale-nodes'];
  const add = (kind: Step['kind'], phase: Step['phase'], title: string, takes: Step['disruption'] = 'none'): void => {
    last = [plan.add({ kind, slot: slot.name, phase, after: last, title, reason, disruption: takes })];
  };
  if (gated) add('check-quorum', 'Configuring', 'see that the quorum can spare it');
  // A node without an agent keeps its pods until they are evicted.
  const movable = slot.joined && slot.service === 'running' && confirmedFinding(state, slot.name, 'ready') === null;
  const drains = action !== 'restart' && movable && (slot.role === 'agent' || document.spec.mode === 'ha');
  if (drains && !slot.drained) add('drain', 'Configuring', 'cordon and drain', 'node');
  // Before it leaves the cluster: what cannot be saved stays as it is.
  if (action === 'replace' && holdsData(slot)) saveVolume(add, document);
  if (gated) add('recheck-quorum', 'Configuring', 'check the quorum again');
  switch (action) {
    case 'restart':
      add(
        'start-service',
        'Configuring',
        `restart K3s${slot.cordoned && slot.role === 'server' ? ', uncordon' : ''}`,
        disruption,
      );
      break;
    case 'reboot':
      add('reboot', 'Configuring', `reboot ${slot.instance?.id}`, disruption);
      if (slot.cordoned || drains) add('uncordon', 'Configuring', 'uncordon');
      break;
    case 'power-cycle':
      add('stop-instance', 'Configuring', `stop ${slot.instance?.id}, to start it on another host`, disruption);
      add('start-instance', 'Configuring', `start ${slot.instance?.id}`, disruption);
      add('wait-for-agent', 'Configuring', 'wait for the SSM agent', disruption);
      add('start-service', 'Configuring', `start K3s${slot.cordoned && slot.role === 'server' ? ', uncordon' : ''}`);
      if (slot.cordoned && slot.role === 'agent') add('uncordon', 'Configuring', 'uncordon');
      break;
    case 'replace':
      if (slot.joined) add('remove-node', 'Configuring', `remove ${slot.nodeName}`);
      add('terminate-for-replacement', 'Provisioning', `terminate ${slot.instance?.id}`, disruption);
      break;
  }
}

/** An instance whose agent has never registered holds nothing: no one has reached it. Its successor goes elsewhere. */
export function planRetirement(plan: PlanBuilder, { name, instance }: Slot): void {
  plan.add({
    kind: 'terminate-for-replacement',
    slot: name,
    phase: 'Provisioning',
    after: [],
    title: `terminate ${instance?.id}`,
    reason:
      instance?.foundedOtherwise === true
        ? 'its first boot has founded a cluster as the document was before'
        : `its SSM agent has not registered from ${instance?.subnetId}`,
  });
}

/** K3s has started on it. */
const holdsData = ({ configHash, joined }: Slot): boolean => joined || configHash !== null;

type Add = (kind: Step['kind'], phase: Step['phase'], title: string) => void;

function saveVolume(add: Add, { spec }: ClusterDocument): void {
  const { keepVolume } = spec.health;
  if (keepVolume === 'snapshot') add('save-volume', 'Configuring', 'make a snapshot of its root volume');
  if (keepVolume === 'keep') add('save-volume', 'Configuring', 'keep its root volume');
}

/** Returns the future state in which the slot's instance is gone and its node is no longer a member. */
export function withoutInstance(state: ClusterState, slot: Slot): ClusterState {
  const gone = { ...lostInstance(slot), joined: false };
  return {
    ...state,
    slots: { ...state.slots, [slot.name]: gone },
    findings: forgetFindings(state.findings, slot.name),
  };
}
