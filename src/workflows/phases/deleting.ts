import { KEYS_TO_FORGET } from '../../model/bucket.js';
import { instancesOf } from '../../model/instances-of.js';
import { activities } from '../activities.js';
import { type Cluster, emit, failure, scopeOf } from '../cluster-context.js';
import { takeForeign } from '../take-foreign.js';

/** Every instance that carries the cluster's uid and proves to be the cluster's, known to the state or not. */
export async function terminateAll(cluster: Cluster): Promise<void> {
  const known = instancesOf(cluster.state);
  const { instances: views, foreign } = await activities.observeInstances('list its instances', {
    ...scopeOf(cluster),
    known,
  });
  takeForeign(cluster, foreign);
  const ids = [...new Set([...views.map((view) => view.id), ...known])];
  if (ids.length > 0) {
    await activities.terminateInstances(`terminate ${ids.length} instances`, { ...scopeOf(cluster), instanceIds: ids });
    emit(cluster, 'Normal', 'InstancesTerminated', ids.join(', '));
  }
  for (const slot of Object.values(cluster.state.slots)) {
    slot.lastInstanceId = slot.instance?.id ?? slot.lastInstanceId;
    slot.instance = null;
    slot.joined = false;
    slot.service = 'stopped';
    slot.agentOnline = false;
  }
}

/** By tag, until nothing is left: also what a lost answer may have made. */
export async function sweep(cluster: Cluster): Promise<void> {
  for (;;) {
    const found = await activities.sweep('delete all that carries its tags', scopeOf(cluster));
    const ids = [...found.instances, ...found.volumes, ...found.snapshots, ...found.securityGroups];
    if (ids.length === 0) {
      cluster.left = { ...found, bucketKeys: [] };
      break;
    }
    cluster.swept = [...cluster.swept, ...ids];
    emit(cluster, 'Normal', 'Swept', ids.join(', '));
  }
  cluster.state.securityGroups = null;
}

/** The bucket keys; config.yaml last, so that until then a person sees that there was a cluster. */
export async function forget(cluster: Cluster): Promise<void> {
  await cluster.closeStatus();
  const keys = [...KEYS_TO_FORGET];
  const startedAt = cluster.state.operation?.startedAt ?? cluster.state.createdAt;
  const { left } = await activities.forget('delete its keys in the bucket', { ...scopeOf(cluster), keys, startedAt });
  cluster.left = {
    ...(cluster.left ?? { instances: [], volumes: [], snapshots: [], securityGroups: [] }),
    bucketKeys: left,
  };
  if (left.length > 0)
    throw failure(
      'transient',
      'KeysLeft',
      `bucket keys are left: ${left.join(', ')}`,
      'see who may delete in the bucket; it is tried again',
    );
}
