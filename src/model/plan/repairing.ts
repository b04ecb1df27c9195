import { believed, forgetFindings } from '../care/findings.js';
import type { Repair } from '../care/remedies.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { lostInstance } from './lost-instance.js';
import type { PlanBuilder, Step } from './steps.js';

/**
 * Steps that put one node right that is there: behind the quorum gate, and drained first where its pods can still be moved. What a
 * replacement is made of comes after these.
 */
export function planRepair(plan: PlanBuilder, document: ClusterDocument, state: ClusterState, repair: Repair): void {
  const { slot, remedy, reason } = repair;
  const gated = slot.role === 'server' && document.spec.mode === 'ha';
  const disruption = slot.role === 'agent' || document.spec.mode === 'ha' ? 'node' : 'cluster';
  let last: string[] = ['remove-ghosts'];
  const add = (kind: Step['kind'], phase: Step['phase'], title: string, takes: Step['disruption'] = 'none'): void => {
    last = [plan.add({ kind, slot: slot.name, phase, after: last, title, reason, disruption: takes })];
  };
  if (gated) add('gate', 'Configuring', 'see that the quorum can spare it');
  // A node that takes no orders keeps its pods until they are evicted.
  const movable = slot.joined && slot.service === 'running' && believed(state, slot.name, 'ready') === null;
  const drains = remedy !== 'restart' && movable && (slot.role === 'agent' || document.spec.mode === 'ha');
  if (drains && !slot.drained) add('drain', 'Configuring', 'cordon and drain', 'node');
  // Before it is a member no more: what cannot be saved is left as it is.
  if (remedy === 'replace' && holdsData(slot)) saveVolume(add, document);
  if (gated) add('second-look', 'Configuring', 'see it again');
  switch (remedy) {
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
      add('agent', 'Configuring', 'wait for the SSM agent', disruption);
      add('start-service', 'Configuring', `start K3s${slot.cordoned && slot.role === 'server' ? ', uncordon' : ''}`);
      if (slot.cordoned && slot.role === 'agent') add('uncordon', 'Configuring', 'uncordon');
      break;
    case 'replace':
      if (slot.joined) add('remove-node', 'Configuring', `remove ${slot.nodeName}`);
      add('retire', 'Provisioning', `terminate ${slot.instance?.id}`, disruption);
      break;
  }
}

/** An instance whose agent has never registered holds nothing: no one has reached it. Its successor goes elsewhere. */
export function planRetirement(plan: PlanBuilder, { name, instance }: Slot): void {
  plan.add({
    kind: 'retire',
    slot: name,
    phase: 'Provisioning',
    after: [],
    title: `terminate ${instance?.id}`,
    reason: `its SSM agent has not registered from ${instance?.subnetId}`,
  });
}

/** K3s was started on it. */
const holdsData = ({ configHash, joined }: Slot): boolean => joined || configHash !== null;

type Add = (kind: Step['kind'], phase: Step['phase'], title: string) => void;

function saveVolume(add: Add, { spec }: ClusterDocument): void {
  const { keepVolume } = spec.health;
  if (keepVolume === 'snapshot') add('save-volume', 'Configuring', 'make a snapshot of its root volume');
  if (keepVolume === 'keep') add('save-volume', 'Configuring', 'keep its root volume');
}

/** The state as it will be when the instance of the slot is gone and its node is no member any more. */
export function withoutInstance(state: ClusterState, slot: Slot): ClusterState {
  const gone = { ...lostInstance(slot), joined: false };
  return {
    ...state,
    slots: { ...state.slots, [slot.name]: gone },
    findings: forgetFindings(state.findings, slot.name),
  };
}
