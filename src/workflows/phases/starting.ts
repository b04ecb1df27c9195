import { CancellationScope } from '@temporalio/workflow';
import type { Step } from '../../model/plan/index.js';
import { activities } from '../activities.js';
import { type Cluster, scopeOf, slotOf } from '../cluster-context.js';
import { startWith } from './configuring.js';

/** StartInstances; the step that waits for the agent takes over the new public address. */
export async function startInstance(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  await CancellationScope.nonCancellable(() =>
    activities.startInstances(`${slot.name}: start ${instance.id}`, { ...scopeOf(cluster), instanceIds: [instance.id] }),
  );
  slot.instance = { ...instance, power: 'running' };
  slot.agentOnline = false;
  cluster.state.verified = false;
}

/** K3s with the configuration of now: started, or restarted where it runs with another one. */
export async function startService(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  cluster.state.verified = false;
  slot.configHash = await startWith(cluster, slot, 'service-start', step.title, {});
  slot.service = 'running';
}
