import { CancellationScope } from '@temporalio/workflow';
import type { Step } from '../../../model/plan/index.js';
import { instanceStopped, instanceStopping, k3sStopped } from '../../../model/state/transitions.js';
import { activities } from '../../lib/activities.js';
import { isTimeout } from '../../lib/errors.js';
import { runJob } from '../../lib/node-job.js';
import { apply } from '../apply.js';
import { type Cluster, callContext, emit, now, slotOf } from '../context.js';
import { takingDown } from '../taking-down.js';

/** Takes a snapshot of etcd on the last server's disk, before that server stops. */
export async function snapshot(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  await runJob(cluster, slot, {
    script: 'snapshot',
    summary: 'save an etcd snapshot',
    params: { SNAPSHOT_NAME: 'keelson-stop' },
    timeoutSeconds: 300,
  });
}

/** Stops K3s gracefully, which hands leadership over, and then the pods' containers. */
export async function stopService(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  await runJob(cluster, slot, {
    script: 'service-stop',
    summary: 'stop K3s and its containers',
    // The node may still run a job of an operation before the restore, which this job would wait for.
    params: { ROLE: slot.role, ...(cluster.state.restore !== null && { TAKE_OVER: 'true' }) },
    timeoutSeconds: 300,
    takesDown: true,
  });
  apply(cluster, slot, k3sStopped);
}

/** An instance that takes longer to stop is on a host in trouble. [docs: EC2, troubleshoot instance stop issues] */
const STUCK = '10m';

/**
 * Stops the instance and waits until it is stopped, also when the desired state changes meanwhile. If the instance is stopped because it is
 * unhealthy and does not shut down, its power is cut.
 */
export async function stopInstance(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  const isRepair = step.phase === 'Configuring';
  const input = { ...callContext(cluster), ...takingDown(cluster, slot.name), instanceIds: [instance.id] };
  if (isRepair) slot.powerCycledAt = now();
  await CancellationScope.nonCancellable(() => activities.stopInstances(`${slot.name}: stop ${instance.id}`, input));
  apply(cluster, slot, instanceStopping);
  const wait = { ...callContext(cluster), instanceId: instance.id, until: 'stopped' as const };
  const summary = `${slot.name}: wait until ${instance.id} is stopped`;
  if (isRepair) {
    await activities.awaitStop(summary, wait).catch(async (error: unknown) => {
      if (!isTimeout(error)) throw error;
      emit(
        cluster,
        'Warning',
        'StopForced',
        `${slot.name}: ${instance.id} does not shut down within ${STUCK}: its power is cut`,
      );
      await activities.stopInstances(`${slot.name}: force ${instance.id} to stop`, { ...input, force: true });
      await activities.awaitInstance(summary, wait);
    });
  } else {
    await activities.awaitInstance(summary, wait);
  }
  apply(cluster, slot, instanceStopped(instance));
}
