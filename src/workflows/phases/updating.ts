import { CancellationScope } from '@temporalio/workflow';
import { believed } from '../../model/care/findings.js';
import { slotsOf } from '../../model/ids.js';
import { lacksCni } from '../../model/k3s/cni.js';
import type { Step } from '../../model/plan/index.js';
import { typeFor } from '../../model/plan/instance-type.js';
import { helperOf } from '../../model/plan/wanted.js';
import type { Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { type Cluster, failure, scopeOf, slotOf } from '../cluster-context.js';
import { sawNodes } from '../look.js';
import { runJob } from '../node-job.js';

/** A server that is up and is not the node itself, if there is one. */
function helperFor(cluster: Cluster, slot: Slot): Slot {
  const helper = helperOf(cluster.state, slot);
  if (helper === null) throw failure('conflict', 'NoServerUp', 'no server is up to ask', 'it is planned again');
  return helper;
}

/** Cordons and drains; PodDisruptionBudgets are respected until the time-out, and then the drain has failed. */
export async function drain(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  slot.cordoned = true;
  const { drain: takes, drainTimeout } = cluster.state.document.spec.upgrade;
  const result = await runJob(cluster, helperFor(cluster, slot), {
    script: 'drain',
    summary: `drain ${slot.nodeName}`,
    of: slot.name,
    params: {
      NODE_NAME: slot.nodeName,
      DRAIN_TIMEOUT: drainTimeout,
      ...(takes.force && { DRAIN_FORCE: 'true' }),
      ...(takes.deleteEmptyDir && { DRAIN_EMPTY_DIR: 'true' }),
    },
    timeoutSeconds: 1800,
  });
  slot.drained = true;
  sawNodes(cluster, result);
}

/** Changes the type of a stopped instance. */
export async function modify(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const wanted = slotsOf(cluster.state.document).find((one) => one.name === slot.name);
  const { instance } = slot;
  if (instance === null || wanted === undefined) return;
  const instanceType = typeFor(cluster.state, wanted, slot);
  await CancellationScope.nonCancellable(() =>
    activities.modifyInstanceType(`${slot.name}: ${instance.type} -> ${instanceType}`, {
      ...scopeOf(cluster),
      instanceId: instance.id,
      instanceType,
    }),
  );
  slot.previousType = instance.type;
  slot.instance = { ...instance, type: instanceType };
  slot.givenType = instanceType;
}

/** So long may a node that was changed take to be Ready again before no further node is changed. */
const READY_AGAIN_SECONDS = 120;

/** Lets pods come back, to a node that was changed only when it is Ready: one that is not must not cost the next one. */
export async function uncordon(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const waits =
    step.phase === 'Updating' && !lacksCni(cluster.state) && believed(cluster.state, slot.name, 'ready') === null;
  await runJob(cluster, helperFor(cluster, slot), {
    script: 'uncordon',
    summary: `uncordon ${slot.nodeName}`,
    of: slot.name,
    params: { NODE_NAME: slot.nodeName, ...(waits && { AWAIT_READY: String(READY_AGAIN_SECONDS) }) },
    timeoutSeconds: 60 + READY_AGAIN_SECONDS,
  });
  Object.assign(slot, { cordoned: false, drained: false });
}

/** Takes the node out of Kubernetes, a server out of etcd first. */
export async function removeNode(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  await runJob(cluster, helperFor(cluster, slot), {
    script: 'remove-node',
    summary: `remove ${slot.nodeName}`,
    of: slot.name,
    params: { NODE_NAME: slot.nodeName, ROLE: slot.role },
    timeoutSeconds: 300,
  });
  slot.joined = false;
}

/** Terminates the instance of a slot that is no longer wanted and forgets the slot. */
export async function terminate(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance !== null) {
    await CancellationScope.nonCancellable(() =>
      activities.terminateInstances(`${slot.name}: terminate ${instance.id}`, {
        ...scopeOf(cluster),
        instanceIds: [instance.id],
      }),
    );
  }
  const { [slot.name]: _gone, ...rest } = cluster.state.slots;
  cluster.state.slots = rest;
}
