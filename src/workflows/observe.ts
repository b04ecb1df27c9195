import { CancellationScope, condition } from '@temporalio/workflow';
import { instancesOf } from '../model/instances-of.js';
import { absorb } from '../model/plan/observe.js';
import type { Slot } from '../model/state.js';
import { TAG } from '../model/tags.js';
import { activities } from './activities.js';
import { type Cluster, emit, isCancelled, now, scopeOf } from './cluster-context.js';
import { look, touched } from './look.js';
import { runJob } from './node-job.js';

/**
 * Takes over what AWS says of the instances and, of a cluster that runs, what Kubernetes says of the nodes. What cannot be
 * seen changes nothing: not to see is not the same as to be broken. A message ends the look, which is made up for when that is done:
 * a node that is dead while EC2 calls it running must not hold up a delete.
 */
export async function observe(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  state.lookWanted = false;
  state.sight = null;
  if (state.wish === 'deleted' || Object.values(state.slots).every((slot) => slot.instance === null)) return;
  try {
    await untilWoken(cluster, async () => {
      const instances = await activities.observeInstances('look at its instances', {
        ...scopeOf(cluster),
        known: instancesOf(state),
      });
      const before = state.slots;
      state.slots = absorb(state, { at: now(), instances }).slots;
      tellChanges(cluster, before);
      if (state.operation === null && state.wish === 'running') await observeNodes(cluster);
    });
  } catch (error) {
    emit(cluster, 'Warning', 'ObservationFailed', error instanceof Error ? error.message : String(error));
  }
}

/**
 * A node that has gone meanwhile may keep a look waiting for long. Whatever else comes, a request or news of the region, is heard at once:
 * the look is left, and taken up again.
 */
async function untilWoken(cluster: Cluster, look: () => Promise<void>): Promise<void> {
  const seen = cluster.wakes;
  await CancellationScope.cancellable(async () => {
    const looking = look();
    await Promise.race([looking, condition(() => cluster.wakes !== seen)]);
    CancellationScope.current().cancel();
    await looking;
  }).catch((error: unknown) => {
    if (!isCancelled(error)) throw error;
    cluster.state.lookWanted = true;
  });
}

/** What happened to an instance by another hand is worth an event. */
function tellChanges(cluster: Cluster, before: Record<string, Slot>): void {
  for (const slot of Object.values(cluster.state.slots)) {
    const old = before[slot.name];
    if (old?.instance && slot.instance === null)
      emit(cluster, 'Warning', 'InstanceLost', `${slot.name}: ${old.instance.id} is gone`);
    if (slot.instance?.untagged && !old?.instance?.untagged) {
      const what = `has lost its tag ${TAG.cluster} or ${TAG.uid}; set it again, for without them nobody finds it but this workflow`;
      emit(cluster, 'Warning', 'TagsMissing', `${slot.name}: ${slot.instance.id} ${what}`);
    }
    if (old?.instance?.power === 'running' && slot.instance?.power === 'stopped') {
      emit(cluster, 'Warning', 'InstanceStopped', `${slot.name}: ${slot.instance.id} was stopped by another hand`);
    }
  }
}

/** Nodes that are not well are asked what their service does; a service that is down is started by the next plan. */
async function observeNodes(cluster: Cluster): Promise<void> {
  const lacking = await look(cluster, { brief: true });
  if (lacking.length === 0) return;
  touched(cluster);
  const nodes = cluster.state.nodesSeen?.nodes ?? [];
  const sick = Object.values(cluster.state.slots).filter(
    (slot) =>
      slot.joined && slot.service === 'running' && nodes.find((node) => node.name === slot.nodeName)?.ready !== true,
  );
  for (const slot of sick) {
    const probe = await runJob(cluster, slot, {
      script: 'probe',
      summary: `ask ${slot.nodeName} what its service does`,
      params: { ROLE: slot.role },
      timeoutSeconds: 60,
      brief: true,
    });
    if (probe['service'] === 'active' || probe['service'] === 'activating') continue;
    slot.service = 'stopped';
    emit(cluster, 'Warning', 'ServiceDown', `${slot.name}: K3s is ${probe['service'] ?? 'unknown'}`);
  }
}
