import { CancellationScope } from '@temporalio/workflow';
import { forgetFindings } from '../../model/care/findings.js';
import { ghostKey, ghostsOf } from '../../model/care/ghosts.js';
import type { Step } from '../../model/plan/index.js';
import { lostInstance } from '../../model/plan/lost-instance.js';
import { joinTarget } from '../../model/plan/wanted.js';
import { activities } from '../activities.js';
import { begunAnew } from '../begun-anew.js';
import { type Cluster, classOf, emit, failure, isCancelled, now, scopeOf, slotOf } from '../cluster-context.js';
import { touched } from '../look.js';
import { runJob } from '../node-job.js';

/**
 * Reboots an instance whose agent is lost, once, and waits for the agent. One that stays away is no failure of the step: it is known then
 * that the instance has to be replaced.
 */
export async function reboot(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  await CancellationScope.nonCancellable(() =>
    activities.rebootInstances(`${slot.name}: reboot ${instance.id}`, {
      ...scopeOf(cluster),
      instanceIds: [instance.id],
    }),
  );
  slot.rebootedAt = now();
  touched(cluster);
  try {
    const wait = { ...scopeOf(cluster), instanceId: instance.id, until: 'agent-online' as const };
    await activities.awaitReboot(`${slot.name}: wait for the SSM agent of ${instance.id}`, wait);
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
  slot.rebootedAt = null;
  begunAnew(cluster, slot);
}

/** Terminates an instance that is not worth keeping; its slot gets the next generation. */
export async function retire(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  await CancellationScope.nonCancellable(() =>
    activities.terminateInstances(`${slot.name}: terminate ${instance.id}`, {
      ...scopeOf(cluster),
      instanceIds: [instance.id],
    }),
  );
  emit(cluster, 'Normal', 'InstanceRetired', `${slot.name}: ${instance.id} is terminated: ${step.reason}`);
  Object.assign(slot, lostInstance(slot));
  cluster.state.findings = forgetFindings(cluster.state.findings, slot.name);
  touched(cluster);
}

/** Gives an instance its tags again. That it may not is said, and holds up nothing else. */
export async function tag(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  if (instance === null) return;
  const input = { instanceId: instance.id, slot: slot.name, generation: slot.generation };
  try {
    const { tags } = cluster.state.document.spec;
    await activities.tagInstance(`${slot.name}: tag ${instance.id}`, { ...scopeOf(cluster), ...input, tags });
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
export async function removeGhosts(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  for (const name of ghostsOf(state)) {
    const server = joinTarget(state);
    if (server === null) throw failure('conflict', 'NoServerUp', 'no server is up to ask', 'it is planned anew');
    const isMember = state.nodesSeen?.nodes.some((node) => node.name === name && node.voter !== null) ?? false;
    await runJob(cluster, server, {
      script: 'remove-node',
      summary: `remove ${name}, which has no instance`,
      params: { NODE_NAME: name, ROLE: isMember ? 'server' : 'agent' },
      timeoutSeconds: 300,
    });
    const { [ghostKey(name)]: _, ...findings } = state.findings;
    state.findings = findings;
    emit(cluster, 'Normal', 'GhostRemoved', `${name} is removed from Kubernetes: it had no instance`);
  }
}
