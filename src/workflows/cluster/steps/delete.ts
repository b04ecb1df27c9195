import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ChildWorkflowCancellationType, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { keptBackupsIdOf, keptUntil } from '../../../model/backup/kept.js';
import { KEYS_TO_FORGET } from '../../../model/bucket.js';
import { instancesOf } from '../../../model/instances-of.js';
import { deleted } from '../../../model/state/transitions.js';
import type { KeptBackupsInput } from '../../kept-backups.js';
import { activities } from '../../lib/activities.js';
import { failure } from '../../lib/errors.js';
import { apply } from '../apply.js';
import { type Cluster, callContext, emit, now } from '../context.js';
import { inTurn } from '../in-turn.js';
import { takeForeign } from '../observe/take-foreign.js';
import { endDrill } from './drilling.js';

/** Terminates every instance that carries the cluster's uid and proves to belong to it, known to the state or not. */
export async function terminateAll(cluster: Cluster): Promise<void> {
  await endDrill(cluster);
  const known = instancesOf(cluster.state);
  const { instances: views, foreign } = await activities.observeInstances('list its instances', {
    ...callContext(cluster),
    known,
  });
  takeForeign(cluster, foreign);
  const ids = [...new Set([...views.map((view) => view.id), ...known])];
  if (ids.length > 0) {
    await activities.terminateInstances(`terminate ${ids.length} instances`, {
      ...callContext(cluster),
      instanceIds: ids,
    });
    emit(cluster, 'Normal', 'InstancesTerminated', ids.join(', '));
  }
  for (const slot of Object.values(cluster.state.slots)) apply(cluster, slot, deleted);
}

/** Deletes by tag until nothing is left, including what a call with a lost answer has made. */
export async function sweep(cluster: Cluster): Promise<void> {
  for (;;) {
    const found = await activities.sweep('delete all that carries its tags', callContext(cluster));
    const ids = [...found.instances, ...found.volumes, ...found.snapshots, ...found.securityGroups];
    if (ids.length === 0) {
      cluster.deletion.remaining = { ...found, bucketKeys: [] };
      break;
    }
    cluster.deletion.swept = [...cluster.deletion.swept, ...ids];
    emit(cluster, 'Normal', 'Swept', ids.join(', '));
  }
  cluster.state.securityGroups = null;
}

/** Deletes the bucket keys; config.yaml last, so that until then a person sees that there was a cluster. */
export async function deleteObjects(cluster: Cluster): Promise<void> {
  await keepBackups(cluster);
  await cluster.status.close();
  const keys = [...KEYS_TO_FORGET];
  const startedAt = cluster.state.operation?.startedAt ?? cluster.state.createdAt;
  const { remaining } = await activities.forget('delete its keys in the bucket', {
    ...callContext(cluster),
    keys,
    startedAt,
  });
  cluster.deletion.remaining = {
    ...(cluster.deletion.remaining ?? { instances: [], volumes: [], snapshots: [], securityGroups: [] }),
    bucketKeys: remaining,
  };
  if (remaining.length > 0)
    throw failure(
      'transient',
      'KeysLeft',
      `bucket keys remain: ${remaining.join(', ')}`,
      'check who may delete in the bucket; Keelson tries again',
    );
}

/** Keeps the backups for a time after the cluster: the workflow that deletes them starts before this one forgets what it needs for it. */
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
    // A try before this one has started it.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  cluster.deletion.backupsUntil = until;
}
