import { slotsOf, type WantedSlot } from '../ids.js';
import { isRehearsed, restoreServer, serversOf, takesCommands } from '../restore/server.js';
import type { RestoreState } from '../restore/state.js';
import type { ClusterDocument } from '../spec/schema.js';
import { superseded } from '../state/transitions.js';
import type { ClusterState, Slot } from '../state.js';
import { planAdoption } from './adoption.js';
import { planArrival } from './arrival.js';
import { planChanges } from './changes.js';
import { deferLaunches } from './deferral.js';
import { planBundles } from './node-files.js';
import { planNodeLabels } from './node-labels.js';
import { planPreflight } from './preflight.js';
import { quorumLost } from './quorum-lost.js';
import { planRetirement, withoutInstance } from './repairing.js';
import { type Plan, PlanBuilder, type Step, stepId } from './steps.js';

/**
 * Plans the way from a backup to one server with its content, and the way of all other nodes to it. That server first rehearses the backup, in a
 * separate folder: until then nothing is lost. Then K3s stops on all other servers, because two clusters must not serve side by side. Where the
 * cluster is lost, the instances that it lacks are launched meanwhile, and wait on their nodes for the restored server. What fails beside the
 * restore does not hold it up.
 */
export function planRestore(document: ClusterDocument, carried: ClusterState, now: string): Plan {
  const { restore } = carried;
  if (restore === null) return { kind: 'restore', reason: 'no restore is asked for', steps: [] };
  const { failed } = restore;
  if (failed !== null) return { kind: 'restore', reason: failed.message, steps: [], blocked: failed };
  const plan = new PlanBuilder();
  const backup = restore.backup?.id ?? restore.from ?? 'the newest backup';
  const reason = `${backup} is to be restored`;
  const name = restoreServer(carried);
  const wanted = slotsOf(document);
  const fresh = freshNodes(carried, wanted, name);
  const arriving = wanted.filter((one) => one.name === name && !isThere(carried, name)).concat(fresh);
  const unregistered = arriving.flatMap(({ name: one }) =>
    carried.slots[one]?.instance?.unregistered === true ? carried.slots[one] : [],
  );
  const state = unregistered.reduce(withoutInstance, withoutMembers(carried, [name, ...fresh.map((one) => one.name)]));
  planAdoption(plan, state);
  // A running server needs no arrival.
  if (arriving.length > 0) planPreflight(plan, document, state, arriving, now);
  for (const slot of unregistered) planRetirement(plan, slot);
  for (const one of arriving) planArrival(plan, document, state, one);
  planBundles(plan, document, state);
  const way = { name, fresh, reason };
  const restored = planServer(plan, carried, way);
  planJoins(plan, carried, way);
  planAgents(plan, document, carried, restore, restored, fresh);
  const { steps, deferred } = deferLaunches(besides(plan.steps, restored), carried, now);
  return { kind: 'restore', reason, steps, ...(deferred !== null && { deferred }) };
}

interface Way {
  /** Slot of the server that is restored. */
  name: string;
  /** Places that get a new node. */
  fresh: readonly WantedSlot[];
  reason: string;
}

/** Rehearsal, an end to all other servers, restore. @returns id of the restore */
function planServer(plan: PlanBuilder, state: ClusterState, { name, fresh, reason }: Way): string {
  const common = { slot: name, phase: 'Configuring', reason } as const;
  const arrived = ['adopt', 'store-files', ...ofSlot(plan, name)];
  const rehearsed = isRehearsed(state, name)
    ? arrived
    : [
        plan.add({
          ...common,
          kind: 'rehearse',
          after: arrived,
          title: 'restore the backup in a scratch folder',
          disruption: 'node',
        }),
      ];
  const fenced = serversOf(state).flatMap((other) => {
    if (other.name === name || other.instance?.power !== 'running') return [];
    const stop = { slot: other.name, phase: 'Configuring', reason, after: rehearsed, disruption: 'cluster' } as const;
    // It has never been a member.
    if (fresh.some((one) => one.name === other.name)) return [];
    if (!takesCommands(state, other))
      return [
        plan.add({ ...stop, kind: 'stop-instance', title: `stop ${other.instance.id}, which takes no commands` }),
      ];
    return other.service === 'running' ? [plan.add({ ...stop, kind: 'stop-service', title: 'stop K3s' })] : [];
  });
  return plan.add({
    ...common,
    kind: 'restore',
    after: [...rehearsed, ...fenced, stepId('rehearse', name)],
    title: 'restore the backup and start K3s',
    disruption: 'cluster',
  });
}

/**
 * New nodes are sent their join as soon as the backup has proven itself: they install K3s and wait on their nodes for the tokens, which the restored
 * server stores last. Servers that were stopped for the restore join after it. etcd admits one learner after the other. [k3s: pkg/etcd, Start]
 */
function planJoins(plan: PlanBuilder, state: ClusterState, { name, fresh, reason }: Way): void {
  const join = { kind: 'join', phase: 'Configuring', reason } as const;
  for (const one of fresh)
    plan.add({
      ...join,
      slot: one.name,
      after: ['adopt', 'store-files', ...ofSlot(plan, one.name), ...ofSlot(plan, name, 'rehearse')],
      title: `install K3s and join as ${one.role}`,
    });
  for (const one of serversOf(state)) {
    if (one.name === name || !one.joined || !takesCommands(state, one)) continue;
    const after = [stepId('restore', name), stepId('stop-service', one.name)];
    plan.add({ ...join, slot: one.name, after, title: 'join the restored cluster' });
  }
}

/**
 * Agents that are there start with the agent token of the backup's time, and register again. Their Nodes are of the backup's time, too, and get the labels of
 * now while the servers join: two ways to a node and back.
 */
function planAgents(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  { ref }: RestoreState,
  restored: string,
  fresh: readonly WantedSlot[],
): void {
  const isFresh = new Set(fresh.map(({ name }) => name));
  const agents = slotsOf(document).filter(({ role, name }) => role === 'agent' && !isFresh.has(name));
  const there = agents.filter(({ name }) => state.slots[name]?.joined === true && isThere(state, name));
  const after = superseded(ref);
  const slots = there.map(({ name }) => [name, after.to(state.slots[name] as Slot)] as const);
  const future = { ...state, slots: { ...state.slots, ...Object.fromEntries(slots) }, findings: {} };
  planChanges(plan, document, future, there, [restored]);
  const started = [restored, ...there.map(({ name }) => stepId('start-service', name))];
  planNodeLabels(plan, document, { ...future, slots: Object.fromEntries(slots) }, started);
}

/**
 * Returns the places without a node, but for the server that is restored, where the cluster is lost or does not exist yet. Else they are filled as
 * usual after the restore: a backup that cannot be restored changes nothing of a cluster that serves.
 */
function freshNodes(state: ClusterState, wanted: readonly WantedSlot[], name: string): WantedSlot[] {
  if (state.initializedAt !== null && quorumLost(state) === null) return [];
  return wanted.filter((one) => {
    const slot = state.slots[one.name];
    return one.name !== name && (slot === undefined || slot.instance === null || !slot.joined);
  });
}

const isThere = (state: ClusterState, name: string): boolean => {
  const slot = state.slots[name];
  return slot !== undefined && takesCommands(state, slot);
};

/** The restore replaces the etcd that would remove a lost member. */
function withoutMembers(state: ClusterState, names: readonly string[]): ClusterState {
  const slots = names.flatMap((name) => {
    const slot = state.slots[name];
    return slot === undefined ? [] : [[name, { ...slot, joined: false, departing: null }] as const];
  });
  return { ...state, slots: { ...state.slots, ...Object.fromEntries(slots) } };
}

const ofSlot = (plan: PlanBuilder, name: string, ...kinds: Step['kind'][]): string[] =>
  plan.steps.flatMap(({ id, slot, kind }) =>
    slot === name && (kinds.length === 0 || kinds.includes(kind)) ? [id] : [],
  );

/** Marks the steps that the restore does not wait for. */
function besides(steps: readonly Step[], restored: string): Step[] {
  const needed = new Set([restored]);
  // A step comes after those that it waits for.
  for (const step of [...steps].reverse()) if (needed.has(step.id)) for (const id of step.after) needed.add(id);
  return steps.map((step) => (needed.has(step.id) ? step : { ...step, beside: true }));
}
