import { departingNode } from '../departing.js';
import type { WantedSlot } from '../ids.js';
import type { ClusterDocument } from '../spec/schema.js';
import { lossText } from '../state/instance.js';
import type { ClusterState } from '../state.js';
import { lacksVolumes } from '../volumes/wanted.js';
import { typeDiffers, typeFor } from './instance-type.js';
import { type PlanBuilder, stepId } from './steps.js';

/** Steps from an empty or stopped slot to an instance whose SSM agent answers, with the right K3s if the node is a member already. */
export function planArrival(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  wanted: WantedSlot,
): void {
  const slot = state.slots[wanted.name];
  const name = wanted.name;
  const departing = slot === undefined ? null : departingNode(slot);
  if (departing !== null) {
    plan.add({
      kind: 'remove-node',
      slot: name,
      phase: 'Configuring',
      after: ['remove-stale-nodes'],
      title: `remove ${departing}`,
      reason: slot?.lost === undefined ? 'its instance is gone' : lossText(slot.lost),
    });
  }
  if (!slot?.instance) {
    plan.add({
      kind: 'launch',
      slot: name,
      phase: 'Provisioning',
      after: ['adopt', 'preflight', 'security-group', stepId('terminate-for-replacement', name)],
      title: `launch ${wanted.instanceType}`,
      reason:
        slot?.lost !== undefined ? lossText(slot.lost) : slot ? 'the slot has lost its instance' : 'the slot is empty',
    });
  } else if (slot.service === 'stopped') {
    // Nothing runs on it: this is the moment to change its type.
    const retype = typeDiffers(state, wanted, slot);
    const reason = retype
      ? `its type is ${slot.instance.type}, ${typeFor(state, wanted, slot)} is wanted`
      : 'it is stopped and should run';
    const common = { slot: name, phase: 'Starting', reason } as const;
    if (retype) {
      if (slot.instance.power === 'running')
        plan.add({ ...common, kind: 'stop-instance', after: ['preflight'], title: 'stop the instance' });
      plan.add({
        ...common,
        kind: 'change-type',
        after: ['preflight', stepId('stop-instance', name)],
        title: `change the type to ${typeFor(state, wanted, slot)}`,
      });
    }
    if (retype || slot.instance.power === 'stopped') {
      plan.add({
        ...common,
        kind: 'start-instance',
        after: [stepId('change-type', name)],
        title: 'start the instance',
      });
    }
  }
  const restarted = plan.has(stepId('start-instance', name));
  if (!slot?.agentOnline || restarted) {
    plan.add({
      kind: 'wait-for-agent',
      slot: name,
      phase: slot?.joined ? 'Starting' : 'Installing',
      after: [stepId('launch', name), stepId('start-instance', name)],
      title: 'wait for the SSM agent',
      reason: 'commands reach the node through it',
    });
  }
  if (lacksVolumes(slot, wanted)) {
    plan.add({
      kind: 'volumes',
      slot: name,
      phase: 'Installing',
      after: [stepId('wait-for-agent', name)],
      title: 'attach and mount its data volumes',
      reason: 'K3s starts when they are there',
    });
  }
  // A new member installs in the job that starts it; a serving one is changed behind the gate.
  if (slot?.joined && slot.instance && slot.service !== 'running' && slot.installed !== document.spec.k3s.version) {
    plan.add({
      kind: 'install',
      slot: name,
      phase: 'Installing',
      after: [stepId('wait-for-agent', name)],
      title: `install K3s ${document.spec.k3s.version}`,
      reason: slot.installed ? `it has ${slot.installed}` : 'it is not installed',
    });
  }
}
