import { CancellationScope } from '@temporalio/workflow';
import { forgetFindings } from '../../model/care/findings.js';
import { withoutMeasured } from '../../model/measured.js';
import type { Step } from '../../model/plan/index.js';
import { activities } from '../activities.js';
import { type Cluster, emit, isTimeout, now, scopeOf, slotOf } from '../cluster-context.js';
import { touched } from '../look.js';
import { runJob } from '../node-job.js';

/** A snapshot of etcd on the last server's disk, before it goes down. */
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
    // What an operation before the restore has left on the node would be waited for.
    params: { ROLE: slot.role, ...(cluster.state.restore !== null && { TAKE_OVER: 'true' }) },
    timeoutSeconds: 300,
  });
  slot.service = 'stopped';
  slot.measured = withoutMeasured(slot);
  cluster.state.findings = forgetFindings(cluster.state.findings, slot.name);
  touched(cluster);
}

/** An instance that is still stopping after this long is on a host in trouble. [docs: EC2, troubleshoot instance stop issues] */
const STUCK = '10m';

/**
 * StopInstances, and until it is stopped: what was begun is finished, also when the wish changes meanwhile. Where it is stopped because
 * something is wrong with it and it does not shut down, its power is cut.
 */
export async function stopInstance(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  const isRepair = step.phase === 'Configuring';
  const input = { ...scopeOf(cluster), instanceIds: [instance.id] };
  if (isRepair) slot.powerCycledAt = now();
  await CancellationScope.nonCancellable(() => activities.stopInstances(`${slot.name}: stop ${instance.id}`, input));
  slot.agentOnline = false;
  slot.service = 'stopped';
  slot.measured = {};
  touched(cluster);
  const wait = { ...scopeOf(cluster), instanceId: instance.id, until: 'stopped' as const };
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
  slot.instance = { ...instance, power: 'stopped', publicIp: null };
}
