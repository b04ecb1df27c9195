import { CancellationScope } from '@temporalio/workflow';
import type { Step } from '../../model/plan/index.js';
import type { Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { type Cluster, classOf, emit, scopeOf, slotOf } from '../cluster-context.js';
import { sawNodes, touched } from '../look.js';
import { startNode } from '../start-node.js';

/** StartInstances; the step that waits for the agent takes over the new public address. */
export async function startInstance(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  try {
    await CancellationScope.nonCancellable(() =>
      activities.startInstances(`${slot.name}: start ${instance.id}`, {
        ...scopeOf(cluster),
        instanceIds: [instance.id],
      }),
    );
  } catch (error) {
    if (classOf(error) === 'capacity') holdType(cluster, slot, instance.type);
    throw error;
  }
  slot.instance = { ...instance, power: 'running' };
  slot.agentOnline = false;
  touched(cluster);
}

/** K3s with the configuration of now: started, or restarted where it runs with another one. */
export async function startService(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  touched(cluster);
  const started = await startNode(cluster, slot, { script: 'service-start', summary: step.title, params: {} });
  slot.configHash = started.hash;
  slot.service = 'running';
  touched(cluster);
  sawNodes(cluster, started.result);
  slot.previousType = null;
}

/** A new type that cannot start is given up for now: the next plan gives the server its old type back. */
function holdType(cluster: Cluster, slot: Slot, type: string): void {
  if (slot.previousType === null || slot.previousType === type) return;
  cluster.state.heldTypes = {
    ...cluster.state.heldTypes,
    [type]: `no capacity for ${type} when ${slot.name} was started`,
  };
  emit(cluster, 'Warning', 'RollingBack', `${slot.name}: no capacity for ${type}, going back to ${slot.previousType}`);
}
