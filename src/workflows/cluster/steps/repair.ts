import { CancellationScope } from '@temporalio/workflow';
import { confirmedFinding, findingKey } from '../../../model/health/findings.js';
import { staleNodeKey, staleNodesOf } from '../../../model/health/stale-nodes.js';
import { waitsOf } from '../../../model/health/waits.js';
import type { Step } from '../../../model/plan/index.js';
import { joinTarget } from '../../../model/plan/wanted.js';
import { instanceLost, rebooted, rebooting } from '../../../model/state/transitions.js';
import type { KeptVolume } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { classOf, failure, isCancelled } from '../../lib/errors.js';
import { runJob } from '../../lib/node-job.js';
import { apply, startOf } from '../apply.js';
import { type Cluster, callContext, emit, now, slotOf } from '../context.js';
import { takingDown } from '../taking-down.js';

/**
 * Reboots an instance in trouble, and waits for its agent. An agent that stays away does not fail the step: the next plan needs to know it.
 * Findings of Kubernetes and EC2 stay until observations have seen the node healthy.
 */
export async function reboot(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  await CancellationScope.nonCancellable(() =>
    activities.rebootInstances(`${slot.name}: reboot ${instance.id}`, {
      ...callContext(cluster),
      ...takingDown(cluster, slot.name),
      instanceIds: [instance.id],
    }),
  );
  apply(cluster, slot, rebooting(now()));
  const { settle } = waitsOf(cluster.state.document);
  try {
    await activities.awaitReboot(`${slot.name}: wait for the SSM agent of ${instance.id}`, {
      ...callContext(cluster),
      instanceId: instance.id,
      until: 'agent-online',
      registrationSeconds: settle / 1_000,
    });
  } catch (error) {
    if (isCancelled(error)) throw error;
    emit(
      cluster,
      'Warning',
      'AgentStillLost',
      `${slot.name}: the agent of ${instance.id} has not come back after a reboot`,
    );
    return;
  }
  const { [findingKey(slot.name, 'agent')]: _, ...findings } = cluster.state.findings;
  cluster.state.findings = findings;
  apply(cluster, slot, rebooted(startOf(cluster)));
}

/** Saves the root volume of an instance before its replacement, as `spec.health.keepVolume` says. */
export async function saveVolume(cluster: Cluster, step: Step): Promise<void> {
  const { state } = cluster;
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  const { health, tags } = state.document.spec;
  if (instance === null || health.keepVolume === 'delete') return;
  const { name, generation } = slot;
  const what = health.keepVolume === 'keep' ? 'keep' : 'make a snapshot of';
  const saved = await activities.saveRootVolume(`${name}: ${what} the root volume of ${instance.id}`, {
    ...callContext(cluster),
    instanceId: instance.id,
    slot: name,
    generation,
    how: health.keepVolume,
    tags,
  });
  if (saved === null || state.kept.some((one) => one.id === saved.id)) return;
  const kept: KeptVolume = { ...saved, slot: name, generation, instanceId: instance.id, at: now() };
  state.kept = [...state.kept, kept].slice(-KEPT);
  emit(
    cluster,
    'Normal',
    'VolumeKept',
    `${name}: the root volume of ${instance.id} is kept as ${saved.kind} ${saved.id}`,
  );
}

/** How many snapshots the status lists; AWS has the others, by their tags. */
const KEPT = 50;

/** Terminates an instance that is not worth keeping; its slot gets the next generation. */
export async function terminateForReplacement(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  await CancellationScope.nonCancellable(() =>
    activities.terminateInstances(`${slot.name}: terminate ${instance.id}`, {
      ...callContext(cluster),
      ...takingDown(cluster, slot.name),
      instanceIds: [instance.id],
    }),
  );
  emit(cluster, 'Normal', 'InstanceRetired', `${slot.name}: ${instance.id} is terminated: ${step.reason}`);
  // Where this agent was lost, the next one would be out of reach too.
  const mute = confirmedFinding(cluster.state, slot.name, 'agent') === null ? [] : [instance.subnetId];
  const lost = { instanceId: instance.id, at: now(), how: `is replaced: ${step.reason}`, retired: true } as const;
  apply(cluster, slot, instanceLost(lost, mute));
}

/** Sets the tags of an instance again. A refusal is reported, and holds nothing else up. */
export async function tag(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  const input = { instanceId: instance.id, slot: slot.name, generation: slot.generation };
  try {
    const { tags } = cluster.state.document.spec;
    await activities.tagInstance(`${slot.name}: tag ${instance.id}`, { ...callContext(cluster), ...input, tags });
  } catch (error) {
    if (classOf(error) !== 'auth') throw error;
    slot.instance = { ...instance, untagged: 'refused' };
    emit(
      cluster,
      'Warning',
      'TagsRefused',
      `${slot.name}: Keelson may not set the tags of ${instance.id}: set them by hand`,
    );
    return;
  }
  const { untagged: _, ...tagged } = instance;
  slot.instance = tagged;
}

/** Takes nodes without a machine out of Kubernetes, members out of etcd first. */
export async function removeStaleNodes(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  for (const name of staleNodesOf(state)) {
    const server = joinTarget(state);
    if (server === null) throw failure('conflict', 'NoServerUp', 'no server is up to ask', 'it is planned again');
    const isMember = state.observedNodes?.nodes.some((node) => node.name === name && node.voter !== null) ?? false;
    await runJob(cluster, server, {
      script: 'remove-node',
      summary: `remove ${name}, which has no instance`,
      params: { NODE_NAME: name, ROLE: isMember ? 'server' : 'agent' },
      timeoutSeconds: 300,
    });
    const { [staleNodeKey(name)]: _, ...findings } = state.findings;
    state.findings = findings;
    emit(cluster, 'Normal', 'StaleNodeRemoved', `${name} is removed from Kubernetes: it had no instance`);
  }
}
