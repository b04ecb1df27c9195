import { CancellationScope, condition } from '@temporalio/workflow';
import { notReadySince } from '../model/care/kubernetes-says.js';
import { instancesOf } from '../model/instances-of.js';
import { isUnmeasured, withMeasured } from '../model/measured.js';
import { STATUS_CHECKS, type StatusCheck } from '../model/observation.js';
import type { ObservationFailure, Subject } from '../model/observation-failure.js';
import { absorb } from '../model/plan/observe.js';
import type { Slot } from '../model/state.js';
import { TAG } from '../model/tags.js';
import { activities } from './activities.js';
import { type Cluster, emit, isAtRest, isCancelled, now, scopeOf } from './cluster-context.js';
import { seeGroups } from './see-groups.js';
import { type AgentSight, seeNodes } from './see-nodes.js';
import { suspect } from './suspect.js';
import { takeForeign } from './take-foreign.js';
import { failureFrom, failuresOf, isUnwatched, takeFailures } from './unobserved.js';

/**
 * Takes over what AWS says of the instances and, of a cluster that runs, what its nodes say. What cannot be seen changes no fact: not to see is
 * not the same as to be broken; it is told from the first time on. A message ends the look, which is made up for when that is done: a node that is
 * dead while EC2 calls it running must not hold up a delete.
 *
 * @param how `groups: false` leaves the security groups to the region watch, which compares them in each of its rounds
 */
export async function observe(cluster: Cluster, { groups = true }: { groups?: boolean } = {}): Promise<void> {
  const { state } = cluster;
  state.lookWanted = false;
  state.sight = null;
  state.lookBegunAt = now();
  if (state.wish === 'deleted' || Object.values(state.slots).every((slot) => slot.instance === null)) return;
  const failures: ObservationFailure[] = [];
  const wakes = cluster.wakes;
  const unseen = (subjects: readonly Subject[]) => (error: unknown) => {
    // A look that a message has cut short ends as it can: in a time-out when the worker of its activity is gone.
    if (isCancelled(error) || cluster.wakes !== wakes) throw error;
    failures.push(...failuresOf(error, subjects));
    return null;
  };
  const isWhole = await untilWoken(cluster, async () => {
    const [seen] = await Promise.all([
      seeInstances(cluster).catch(unseen(['instances', 'checks', 'agents'])),
      groups ? seeGroups(cluster).catch(unseen(['groups'])) : undefined,
    ]);
    if (seen === null) return;
    failures.push(...seen.failures);
    // What EC2 says is a fact: there is a plan for it, and what the nodes say would not change that.
    if (isAtRest(cluster) && state.wish === 'running' && state.bornAt !== null && !seen.changed)
      await seeNodes(cluster, seen.agents).catch(unseen(['nodes']));
    state.checkedAt = now();
    for (const slot of Object.values(state.slots)) slot.notReadySince = notReadySince(state, slot);
  });
  // Asked for again, in case that it can be had by now.
  if (isUnwatched(cluster)) cluster.watched = false;
  if (!isWhole) return;
  state.blindLooks = failures.length > 0 ? state.blindLooks + 1 : 0;
  state.uneasyLooks = isUneasy(cluster) ? state.uneasyLooks + 1 : 0;
  // Of what was not asked for nothing new is known.
  const unasked = groups ? [] : state.unobserved.own.filter(({ subject }) => subject === 'groups');
  takeFailures(cluster, [...failures, ...unasked]);
}

const CHECK_FAILS: Record<StatusCheck, string> = {
  system: "EC2's system status check fails",
  instance: "EC2's instance status check fails",
  volume: "EC2's check of its EBS volumes fails",
};

const isUneasy = ({ state }: Cluster): boolean =>
  Object.values(state.findings).some((one) => one.holds) ||
  Object.values(state.slots).some(
    (slot) => slot.instance?.power !== 'running' || slot.service !== 'running' || isUnmeasured(slot),
  );

/**
 * A node that has gone meanwhile may keep a look waiting for long. Whatever else comes, a request or news of the region, is heard at once:
 * the look is left, and taken up again.
 *
 * @returns whether the look came to its end
 */
async function untilWoken(cluster: Cluster, look: () => Promise<void>): Promise<boolean> {
  const seen = cluster.wakes;
  let isWhole = true;
  await CancellationScope.cancellable(async () => {
    const looking = look();
    await Promise.race([looking, condition(() => cluster.wakes !== seen)]);
    CancellationScope.current().cancel();
    await looking;
  }).catch((error: unknown) => {
    if (!isCancelled(error) && cluster.wakes === seen) throw error;
    cluster.state.lookWanted = true;
    isWhole = false;
  });
  return isWhole;
}

/** What EC2 and SSM say. @returns what SSM says of the agents, by slot, and whether an instance that ran does not any more */
async function seeInstances(
  cluster: Cluster,
): Promise<{ agents: AgentSight; changed: boolean; failures: ObservationFailure[] }> {
  const { state } = cluster;
  const checks = state.bornAt !== null;
  const { instances, unlisted, failures, foreign } = await activities.glanceAtInstances('look at its instances', {
    ...scopeOf(cluster),
    known: instancesOf(state),
    checks,
  });
  takeForeign(cluster, foreign);
  const before = state.slots;
  const next = absorb(state, { at: now(), instances, unlisted });
  state.slots = next.slots;
  state.findings = next.findings;
  tellChanges(cluster, before);
  const agents: AgentSight = new Map();
  const views = new Map(instances.map((view) => [view.id, view]));
  for (const slot of Object.values(state.slots)) {
    const view = slot.instance === null ? undefined : views.get(slot.instance.id);
    if (view?.state !== 'running') continue;
    slot.measured = withMeasured(slot, now(), 'instance');
    if (!checks) continue;
    if (view.agent !== undefined) agents.set(slot.name, view.agent);
    if (!failures.some(({ subject }) => subject === 'checks')) {
      for (const check of STATUS_CHECKS)
        suspect(cluster, slot, `${check}-check`, view.failedChecks?.includes(check) ? CHECK_FAILS[check] : null);
      slot.measured = withMeasured(slot, now(), 'checks');
    }
    if (view.agent !== undefined) slot.lostBeside = view.lostBeside ?? null;
    if (view.agent !== undefined && slot.agentOnline)
      suspect(cluster, slot, 'agent', view.agent === 'lost' ? 'SSM has lost its agent' : null);
    if (view.agent !== undefined) slot.measured = withMeasured(slot, now(), 'agent');
  }
  // What is known now is said now: the nodes may take their time to answer.
  cluster.present('glance');
  const changed = Object.values(before).some(
    ({ name, instance }) => instance?.power === 'running' && state.slots[name]?.instance?.power !== 'running',
  );
  const unseen = failures.map(({ subject, error }) => failureFrom(error, subject));
  return { agents, changed, failures: unseen };
}

/** What someone else did to an instance is worth an event. */
function tellChanges(cluster: Cluster, before: Record<string, Slot>): void {
  for (const slot of Object.values(cluster.state.slots)) {
    const old = before[slot.name];
    if (old?.instance && slot.instance === null)
      emit(cluster, 'Warning', 'InstanceLost', `${slot.name}: ${old.instance.id} is gone`);
    if (slot.instance?.untagged && !old?.instance?.untagged) {
      const what = `has lost its tag ${TAG.installation}, ${TAG.cluster} or ${TAG.uid}; set it again, for without them no one finds it but this workflow`;
      emit(cluster, 'Warning', 'TagsMissing', `${slot.name}: ${slot.instance.id} ${what}`);
    }
    if (old?.instance?.power === 'running' && slot.instance?.power === 'stopped') {
      emit(cluster, 'Warning', 'InstanceStopped', `${slot.name}: ${slot.instance.id} was stopped by someone else`);
    }
    if (old?.instance && slot.instance && old.instance.type !== slot.instance.type) {
      const types = `${old.instance.type} -> ${slot.instance.type}`;
      emit(
        cluster,
        'Warning',
        'TypeChanged',
        `${slot.name}: ${slot.instance.id} has another type, set by someone else: ${types}`,
      );
    }
  }
}
