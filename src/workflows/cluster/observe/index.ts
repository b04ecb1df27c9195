import { CancellationScope, condition } from '@temporalio/workflow';
import { notReadySince } from '../../../model/health/kubernetes-says.js';
import { instancesOf } from '../../../model/instances-of.js';
import { isUnmeasured, withMeasured } from '../../../model/measured.js';
import { STATUS_CHECKS, type StatusCheck } from '../../../model/observation.js';
import type { ObservationFailure, Subject } from '../../../model/observation-failure.js';
import { absorb } from '../../../model/plan/observe.js';
import { ruleDifference } from '../../../model/security-groups/keys.js';
import { groupsDifferenceTextOf, sameGroups } from '../../../model/security-groups/of-instance.js';
import type { Slot } from '../../../model/state.js';
import { TAG } from '../../../model/tags.js';
import { activities } from '../../lib/activities.js';
import { isCancelled } from '../../lib/errors.js';
import { type Cluster, callContext, emit, isBetweenSteps, now } from '../context.js';
import { observeGroups } from './groups.js';
import { type AgentObservation, observeNodes } from './nodes.js';
import { recordCheck } from './record-check.js';
import { takeForeign } from './take-foreign.js';
import { tellType } from './tell-type.js';
import { failureFrom, failuresOf, isUnwatched, takeFailures } from './unobserved.js';

/**
 * Takes over what AWS says of the instances and, when the cluster runs, what its nodes say. A failed observation changes no fact, because
 * an unseen node is not a broken node; Keelson reports it from the first time on. A message ends the observation, which Keelson repeats
 * afterwards: a node that is dead while EC2 calls it running must not hold up a delete.
 *
 * @param how `groups: false` leaves the security groups to the region watch, which compares them in each of its rounds
 */
export async function observe(cluster: Cluster, { groups = true }: { groups?: boolean } = {}): Promise<void> {
  const { state } = cluster;
  state.observeRequested = false;
  state.regionReport = null;
  state.observationStartedAt = now();
  if (state.desiredState === 'deleted' || Object.values(state.slots).every((slot) => slot.instance === null)) return;
  const failures: ObservationFailure[] = [];
  const { revision } = cluster.inbox;
  const unseen = (subjects: readonly Subject[]) => (error: unknown) => {
    // An observation that a message has interrupted ends in its own way: by a time-out when the worker of its activity is gone.
    if (isCancelled(error) || cluster.inbox.revision !== revision) throw error;
    failures.push(...failuresOf(error, subjects));
    return null;
  };
  const isWhole = await untilWoken(cluster, async () => {
    const [seen] = await Promise.all([
      observeInstances(cluster).catch(unseen(['instances', 'checks', 'agents'])),
      groups ? observeGroups(cluster).catch(unseen(['groups'])) : undefined,
    ]);
    if (seen === null) return;
    failures.push(...seen.failures);
    // EC2's answer is a fact: the planner has a plan for it, which the answers of the nodes would not change.
    if (isBetweenSteps(cluster) && state.desiredState === 'running' && state.initializedAt !== null && !seen.changed)
      await observeNodes(cluster, seen.agents).catch(unseen(['nodes']));
    state.checkedAt = now();
    for (const slot of Object.values(state.slots)) slot.notReadySince = notReadySince(state, slot);
  });
  // Asks for the watch again: it may be available by now.
  if (isUnwatched(cluster)) cluster.observations.watchEnsured = false;
  cluster.observations.cutShort = isWhole ? 0 : cluster.observations.cutShort + 1;
  if (!isWhole) return;
  state.failedObservations = failures.length > 0 ? state.failedObservations + 1 : 0;
  state.unhealthyObservations = isUnhealthy(cluster) ? state.unhealthyObservations + 1 : 0;
  // This observation knows nothing new about the groups that it did not ask for.
  const unasked = groups ? [] : state.unobserved.own.filter(({ subject }) => subject === 'groups');
  takeFailures(cluster, [...failures, ...unasked]);
}

const CHECK_FAILS: Record<StatusCheck, string> = {
  system: "EC2's system status check fails",
  instance: "EC2's instance status check fails",
  volume: "EC2's check of its EBS volumes fails",
};

const isUnhealthy = ({ state }: Cluster): boolean =>
  Object.values(state.findings).some((one) => one.confirmed) ||
  Object.values(state.slots).some(
    // The region watch lists and asks by tags: without them no one but this cluster sees the instance.
    (slot) =>
      slot.instance?.power !== 'running' ||
      slot.instance.untagged !== undefined ||
      slot.service !== 'running' ||
      isUnmeasured(slot),
  );

/**
 * Runs an observation until a message comes. A node that has just gone may hold an observation up for long; a request or a report of the
 * region interrupts it, and the loop repeats it later.
 *
 * @returns whether the observation came to its end
 */
async function untilWoken(cluster: Cluster, look: () => Promise<void>): Promise<boolean> {
  const { revision } = cluster.inbox;
  let isWhole = true;
  await CancellationScope.cancellable(async () => {
    const looking = look();
    await Promise.race([looking, condition(() => cluster.inbox.revision !== revision)]);
    CancellationScope.current().cancel();
    await looking;
  }).catch((error: unknown) => {
    if (!isCancelled(error) && cluster.inbox.revision === revision) throw error;
    cluster.state.observeRequested = true;
    isWhole = false;
  });
  return isWhole;
}

/** Takes over what EC2 and SSM say. @returns what SSM says of the agents, by slot, and whether an instance no longer runs */
async function observeInstances(
  cluster: Cluster,
): Promise<{ agents: AgentObservation; changed: boolean; failures: ObservationFailure[] }> {
  const { state } = cluster;
  const checks = state.initializedAt !== null;
  const { instances, unlisted, failures, foreign } = await activities.brieflyObserveInstances('observe its instances', {
    ...callContext(cluster),
    known: instancesOf(state),
    checks,
  });
  takeForeign(cluster, foreign);
  const before = state.slots;
  const next = absorb(state, { at: now(), instances, unlisted });
  state.slots = next.slots;
  state.findings = next.findings;
  tellChanges(cluster, before);
  const agents: AgentObservation = new Map();
  const views = new Map(instances.map((view) => [view.id, view]));
  for (const slot of Object.values(state.slots)) {
    const view = slot.instance === null ? undefined : views.get(slot.instance.id);
    if (view?.state !== 'running') continue;
    slot.measured = withMeasured(slot, now(), 'instance');
    if (!checks) continue;
    if (view.agent !== undefined) agents.set(slot.name, view.agent);
    if (!failures.some(({ subject }) => subject === 'checks')) {
      for (const check of STATUS_CHECKS)
        recordCheck(cluster, slot, `${check}-check`, view.failedChecks?.includes(check) ? CHECK_FAILS[check] : null);
      slot.measured = withMeasured(slot, now(), 'checks');
    }
    if (view.agent !== undefined) slot.lostBeside = view.lostBeside ?? null;
    if (view.agent !== undefined && slot.agentOnline)
      recordCheck(cluster, slot, 'agent', view.agent === 'lost' ? 'SSM has lost its agent' : null);
    if (view.agent !== undefined) slot.measured = withMeasured(slot, now(), 'agent');
  }
  // Publishes what is known by now: the nodes may take their time to answer.
  cluster.status.publish('with-next-write');
  const changed = Object.values(before).some(
    ({ name, instance }) => instance?.power === 'running' && state.slots[name]?.instance?.power !== 'running',
  );
  const unseen = failures.map(({ subject, error }) => failureFrom(error, subject));
  return { agents, changed, failures: unseen };
}

/** Emits an event for each change that someone else has made to an instance. */
function tellChanges(cluster: Cluster, before: Record<string, Slot>): void {
  for (const slot of Object.values(cluster.state.slots)) {
    const old = before[slot.name];
    if (old?.instance && slot.instance === null)
      emit(cluster, 'Warning', 'InstanceLost', `${slot.name}: ${old.instance.id} was terminated`);
    if (slot.instance?.untagged && !old?.instance?.untagged) {
      const what = `has lost its tag ${TAG.installation}, ${TAG.cluster} or ${TAG.uid}; set it again, for without them no one finds it but this workflow`;
      emit(cluster, 'Warning', 'TagsMissing', `${slot.name}: ${slot.instance.id} ${what}`);
    }
    if (old?.instance?.power === 'running' && slot.instance?.power === 'stopped') {
      emit(cluster, 'Warning', 'InstanceStopped', `${slot.name}: ${slot.instance.id} was stopped by someone else`);
    }
    if (old?.groups && slot.groups && slot.instance && !sameGroups(old.groups, slot.groups)) {
      const what = groupsDifferenceTextOf(ruleDifference(slot.groups, old.groups));
      emit(
        cluster,
        'Warning',
        'InstanceGroupsChanged',
        `${slot.name}: someone has changed the groups of ${slot.instance.id} by hand: it ${what}`,
      );
    }
    if (old?.instance && slot.instance) tellType(cluster, slot.name, old.instance, slot.instance);
  }
}
