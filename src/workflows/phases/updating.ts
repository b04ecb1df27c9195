import { CancellationScope, sleep } from '@temporalio/workflow';
import { slotsOf } from '../../model/ids.js';
import type { Step } from '../../model/plan/index.js';
import { typeFor } from '../../model/plan/instance-type.js';
import { joinTarget } from '../../model/plan/wanted.js';
import { type GateMemory, lookAtGate, seenTwice } from '../../model/quorum.js';
import type { Slot } from '../../model/state.js';
import { activities } from '../activities.js';
import { type Cluster, failure, now, scopeOf, slotOf } from '../cluster-context.js';
import { inTurn } from '../in-turn.js';
import { look } from '../look.js';
import { runJob } from '../node-job.js';

const GATE_TRIES = 60;
/** Between the two looks of the gate: long enough that a member that comes and goes is seen going. */
const SECOND_LOOK_MS = 5_000;

/** The quorum gate: it opens when every server was seen a voter, Ready and with one to spare, twice. */
export async function gate(cluster: Cluster): Promise<void> {
  let memory: GateMemory = { openSince: null };
  for (let attempt = 1; attempt <= GATE_TRIES; attempt += 1) {
    await look(cluster);
    const servers = Object.values(cluster.state.slots).filter((slot) => slot.role === 'server');
    const seen = lookAtGate(servers, cluster.state.nodesSeen?.nodes ?? []);
    const verdict = seenTwice(memory, seen, now(), SECOND_LOOK_MS);
    if (verdict.open) {
      cluster.state.waiting = null;
      return;
    }
    memory = verdict.memory;
    const reason = seen.reasons[0] ?? 'it was seen open once, the second look follows';
    cluster.state.waiting = { for: `the quorum gate: ${reason}`, since: now(), until: null };
    cluster.present('glance');
    await inTurn(sleep(SECOND_LOOK_MS, { summary: `quorum gate: ${reason}` }));
  }
  throw failure(
    'transient',
    'QuorumGateClosed',
    'the quorum could not spare a server',
    'see the conditions; nothing was taken down',
  );
}

/** A server that is up and is not the node itself, if there is one. */
function helperFor(cluster: Cluster, slot: Slot): Slot {
  const others = Object.values(cluster.state.slots).filter(
    (one) => one.role === 'server' && one.joined && one.service === 'running' && one.name !== slot.name,
  );
  const helper = others[0] ?? joinTarget(cluster.state);
  if (helper === null) throw failure('conflict', 'NoServerUp', 'no server is up to ask', 'it is planned anew');
  return helper;
}

/** Cordons and drains; PodDisruptionBudgets are respected until the time-out, and then the drain has failed. */
export async function drain(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  slot.cordoned = true;
  await runJob(cluster, helperFor(cluster, slot), {
    script: 'drain',
    summary: `drain ${slot.nodeName}`,
    params: { NODE_NAME: slot.nodeName, DRAIN_TIMEOUT: cluster.state.document.spec.upgrade.drainTimeout },
    timeoutSeconds: 1800,
  });
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
}

/** Lets pods come back. */
export async function uncordon(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  await runJob(cluster, helperFor(cluster, slot), {
    script: 'uncordon',
    summary: `uncordon ${slot.nodeName}`,
    params: { NODE_NAME: slot.nodeName },
    timeoutSeconds: 120,
  });
  slot.cordoned = false;
}

/** Takes the node out of Kubernetes, a server out of etcd first. */
export async function removeNode(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  await runJob(cluster, helperFor(cluster, slot), {
    script: 'remove-node',
    summary: `remove ${slot.nodeName}`,
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
