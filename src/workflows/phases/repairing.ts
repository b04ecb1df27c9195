import { CancellationScope } from '@temporalio/workflow';
import { believed, findingKey, forgetFindings } from '../../model/care/findings.js';
import { ghostKey, ghostsOf } from '../../model/care/ghosts.js';
import { waitsOf } from '../../model/care/waits.js';
import { withMeasured } from '../../model/measured.js';
import type { Step } from '../../model/plan/index.js';
import { lostInstance } from '../../model/plan/lost-instance.js';
import { joinTarget } from '../../model/plan/wanted.js';
import type { KeptVolume } from '../../model/state.js';
import { activities } from '../activities.js';
import { inGrace } from '../begun-anew.js';
import { type Cluster, classOf, emit, failure, isCancelled, now, scopeOf, slotOf } from '../cluster-context.js';
import { touched } from '../look.js';
import { runJob } from '../node-job.js';

/**
 * Reboots an instance in trouble, and waits for its agent. One that stays away is no failure of the step: it is what the next plan needs to
 * know. What Kubernetes and EC2 hold against the node stands until looks have seen it well.
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
  slot.measured = {};
  touched(cluster);
  const { settle } = waitsOf(cluster.state.document);
  try {
    await activities.awaitReboot(`${slot.name}: wait for the SSM agent of ${instance.id}`, {
      ...scopeOf(cluster),
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
  inGrace(cluster, slot);
  slot.measured = withMeasured(slot, now(), 'instance', 'agent');
}

/** Saves the root volume of an instance that is about to be replaced, as `spec.health.keepVolume` says. */
export async function saveVolume(cluster: Cluster, step: Step): Promise<void> {
  const { state } = cluster;
  const slot = slotOf(cluster, step.slot);
  const { instance } = slot;
  const { health, tags } = state.document.spec;
  if (instance === null || health.keepVolume === 'delete') return;
  const { name, generation } = slot;
  const what = health.keepVolume === 'keep' ? 'keep' : 'make a snapshot of';
  const saved = await activities.saveRootVolume(`${name}: ${what} the root volume of ${instance.id}`, {
    ...scopeOf(cluster),
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

/** How many are reported; AWS has the others, by their tags. */
const KEPT = 50;

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
  // Where its agent was lost the next one would not be reached either.
  const mute = believed(cluster.state, slot.name, 'agent') === null ? [] : [instance.subnetId];
  const unreachableSubnets = [...new Set([...slot.unreachableSubnets, ...mute])];
  Object.assign(slot, lostInstance(slot), { unreachableSubnets });
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
    if (server === null) throw failure('conflict', 'NoServerUp', 'no server is up to ask', 'it is planned again');
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
