import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ChildWorkflowCancellationType, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { keptBackupsIdOf, keptUntil } from '../../model/backup/kept.js';
import { KEYS_TO_FORGET } from '../../model/bucket.js';
import { instancesOf } from '../../model/instances-of.js';
import { activities } from '../activities.js';
import { type Cluster, emit, failure, now, scopeOf } from '../cluster-context.js';
import { inTurn } from '../in-turn.js';
import type { KeptBackupsInput } from '../kept-backups.js';
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
  await keepBackups(cluster);
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

/** Backups outlive their cluster, for a time: the workflow that ends them begins before this one forgets what it needs for it. */
async function keepBackups(cluster: Cluster): Promise<void> {
  const { document, uid, backup } = cluster.state;
  const { name } = document.metadata;
  if (backup.at === null && document.spec.backup === undefined) return;
  const until = keptUntil(document, now());
  const args: [KeptBackupsInput] = [{ cluster: name, uid, region: document.spec.region, until }];
  try {
    await inTurn(
      startChild('kept-backups', {
        workflowId: keptBackupsIdOf(name, uid),
        args,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        staticSummary: `Deletes the backups of ${name} after ${until.slice(0, 10)}`,
      }),
    );
  } catch (error) {
    // Of a try before this one.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  cluster.backupsUntil = until;
}
