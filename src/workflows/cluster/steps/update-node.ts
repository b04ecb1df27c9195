import { CancellationScope } from '@temporalio/workflow';
import { secondsOf } from '../../../model/duration.js';
import { classifyCode } from '../../../model/errors/index.js';
import { confirmedFinding } from '../../../model/health/findings.js';
import { slotIn } from '../../../model/ids.js';
import { lacksCni } from '../../../model/k3s/cni.js';
import type { Step } from '../../../model/plan/index.js';
import { typeFor } from '../../../model/plan/instance-type.js';
import { helperOf } from '../../../model/plan/wanted.js';
import { cordoned, drained, removed, typeChanged, uncordoned } from '../../../model/state/transitions.js';
import type { Slot } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { errorRecordOf, failure } from '../../lib/errors.js';
import { type NodeJob, runJob } from '../../lib/node-job.js';
import { apply } from '../apply.js';
import { type Cluster, callContext, emit, slotOf } from '../context.js';
import { recordObservedNodes } from '../observe/kubernetes.js';
import { leftJob } from '../operation/leave.js';

/** Returns a server that is up and is not the node itself, if there is one. */
function helperFor(cluster: Cluster, slot: Slot): Slot {
  const helper = helperOf(cluster.state, slot);
  if (helper === null) throw failure('conflict', 'NoServerUp', 'no server is up to ask', 'it is planned again');
  return helper;
}

/** A command tells nothing before its end, so the first part of a drain ends when a PodDisruptionBudget refuses. */
const FIRST_SECONDS = 5;

/**
 * Cordons and drains the node; PodDisruptionBudgets count until the time-out, and then the drain has failed. A pod that one of them holds is the
 * cluster's last error from the first refusals on, while the drain goes on.
 */
export async function drain(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  apply(cluster, slot, cordoned);
  const { drain: takes, drainTimeout } = cluster.state.document.spec.upgrade;
  const seconds = secondsOf(drainTimeout);
  const job = (time: Record<string, string>): NodeJob => ({
    script: 'drain',
    summary: `drain ${slot.nodeName}`,
    of: slot.name,
    params: {
      NODE_NAME: slot.nodeName,
      ...time,
      ...(takes.force && { DRAIN_FORCE: 'true' }),
      ...(takes.deleteEmptyDir && { DRAIN_EMPTY_DIR: 'true' }),
    },
    timeoutSeconds: 1800,
  });
  const first = job({ DRAIN_TIMEOUT: `${seconds - FIRST_SECONDS}s`, DRAIN_FIRST: `${FIRST_SECONDS}s` });
  const rest = job({ DRAIN_TIMEOUT: `${seconds - FIRST_SECONDS}s` });
  const helper = helperFor(cluster, slot);
  const isHeld = leftJob(cluster, helper.instance?.id ?? '', rest) !== null;
  let result = isHeld ? null : await runJob(cluster, helper, first);
  if (result?.['held'] !== undefined) drainIsHeld(cluster, step, result['held'], seconds - FIRST_SECONDS);
  if (result === null || result['held'] !== undefined) {
    result = await runJob(cluster, helperFor(cluster, slot), rest);
    if (cluster.state.lastError?.code === 'DrainHeld') cluster.state.lastError = null;
  }
  apply(cluster, slot, drained);
  recordObservedNodes(cluster, result);
}

/** Tells people which pods hold up a drain that goes on. */
function drainIsHeld(cluster: Cluster, step: Step, pods: string, seconds: number): void {
  const { state } = cluster;
  const { operation } = state;
  const until = new Date(Date.now() + seconds * 1_000).toISOString().slice(11, 19);
  const message = `${step.slot}: a PodDisruptionBudget holds ${pods === '' ? 'a pod' : pods}: kubectl tries to evict again each 5 s, until ${until}Z`;
  const attempt = (operation === null ? 0 : (state.breakers[operation.kind]?.failures ?? 0)) + 1;
  const held = failure('conflict', 'DrainHeld', message, classifyCode('DrainHeld').hint);
  state.lastError = errorRecordOf(held, step, operation?.id ?? null, attempt);
  emit(cluster, 'Warning', 'DrainHeld', message);
  cluster.status.publish();
}

/** Changes the type of a stopped instance. */
export async function changeType(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const wanted = slotIn(cluster.state.document, slot.name);
  const { instance } = slot;
  if (instance === null || wanted === undefined) return;
  const instanceType = typeFor(cluster.state, wanted, slot);
  await CancellationScope.nonCancellable(() =>
    activities.modifyInstanceType(`${slot.name}: ${instance.type} -> ${instanceType}`, {
      ...callContext(cluster),
      instanceId: instance.id,
      instanceType,
    }),
  );
  apply(cluster, slot, typeChanged(instance, instanceType));
}

/** How long a changed node may take to be Ready again before Keelson changes the next one. */
const READY_AGAIN_SECONDS = 120;

/** Uncordons a node. A changed node must be Ready first: a failure must not cost the next node. */
export async function uncordon(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const waits =
    step.phase === 'Updating' &&
    !lacksCni(cluster.state) &&
    confirmedFinding(cluster.state, slot.name, 'ready') === null;
  await runJob(cluster, helperFor(cluster, slot), {
    script: 'uncordon',
    summary: `uncordon ${slot.nodeName}`,
    of: slot.name,
    params: { NODE_NAME: slot.nodeName, ...(waits && { AWAIT_READY: String(READY_AGAIN_SECONDS) }) },
    timeoutSeconds: 60 + READY_AGAIN_SECONDS,
  });
  apply(cluster, slot, uncordoned);
}

/** Takes the node out of Kubernetes, a server out of etcd first. */
export async function removeNode(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const node = slot.departing ?? slot.nodeName;
  await runJob(cluster, helperFor(cluster, slot), {
    script: 'remove-node',
    summary: `remove ${node}`,
    of: slot.name,
    params: { NODE_NAME: node, ROLE: slot.role },
    timeoutSeconds: 300,
    takesDown: true,
  });
  // The slot may have its next instance by now.
  apply(cluster, slotOf(cluster, step.slot), removed(node));
}

/** Terminates the instance of a slot that is no longer wanted and forgets the slot. */
export async function terminate(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance !== null) {
    await CancellationScope.nonCancellable(() =>
      activities.terminateInstances(`${slot.name}: terminate ${instance.id}`, {
        ...callContext(cluster),
        instanceIds: [instance.id],
      }),
    );
  }
  const { [slot.name]: _gone, ...rest } = cluster.state.slots;
  cluster.state.slots = rest;
}
