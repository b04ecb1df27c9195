import { confirmedFinding } from '../health/findings.js';
import { toleranceOf } from '../quorum.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot, StepRecord } from '../state.js';
import { planAdoption, planInspection } from './adoption.js';
import { planInstanceGroups, planSecurityGroups } from './security-groups.js';
import { BACKUP_TITLE, PlanBuilder, type Step, stepId } from './steps.js';

/**
 * Plans the steps from the facts to a stopped cluster: agents first, then the servers one by one, with an etcd snapshot while they still
 * have their quorum. K3s stops before its instance, which hands the etcd leadership over.
 */
export function planStopped(document: ClusterDocument, state: ClusterState): Step[] {
  if (state.adoption === 'inspecting') return planInspection(state);
  const plan = new PlanBuilder();
  planAdoption(plan, state);
  // Access to the API is settled before the servers start again.
  if (state.launchConfig !== null && state.securityGroups !== null) planSecurityGroups(plan, document, state, false);
  planInstanceGroups(plan, document, state);
  const slots = Object.values(state.slots).filter((slot) => slot.instance !== null);
  const agents = slots.filter((slot) => slot.role === 'agent');
  const servers = slots.filter((slot) => slot.role === 'server').reverse();
  const agentStops = agents.flatMap((slot) => planStop(plan, state, slot, []));
  const last = servers.findLast((slot) => slot.joined && takesOrders(state, slot));
  const isSaved = state.operation?.kind === 'stop' && state.operation.steps.some(isSnapshot);
  const saved =
    last === undefined || isSaved
      ? []
      : [
          plan.add({
            // A document that asks for backups gets one: the disk of a stopped instance may fail.
            kind: document.spec.backup === undefined ? 'snapshot' : 'backup',
            slot: last.name,
            phase: 'Stopping',
            after: agentStops,
            title: document.spec.backup === undefined ? 'save an etcd snapshot' : BACKUP_TITLE,
            reason: 'the servers are about to stop',
          }),
        ];
  const members = servers.filter((slot) => slot.joined);
  const retryTransient = toleranceOf(members.filter((slot) => slot.service === 'running').length, members.length) > 0;
  let before = agentStops;
  for (const [index, slot] of servers.entries()) {
    // At the same time as the first server's stop if the others keep the quorum without it; always before the stop that costs it.
    const safe = index === 0 && retryTransient ? before : [...before, ...saved];
    before = planStop(plan, state, slot, safe);
  }
  return plan.steps;
}

const isSnapshot = ({ kind, outcome }: StepRecord): boolean =>
  (kind === 'snapshot' || kind === 'backup') && outcome === 'done';

/** Returns whether K3s runs there and SSM has the agent; without the agent the shutdown of the operating system stops K3s. */
const takesOrders = (state: ClusterState, slot: Slot): boolean =>
  slot.service === 'running' && slot.agentOnline && confirmedFinding(state, slot.name, 'agent') === null;

/** Stops K3s, then the instance; returns the step that the next server has to wait for. */
function planStop(plan: PlanBuilder, state: ClusterState, slot: Slot, before: string[]): string[] {
  const common = {
    slot: slot.name,
    phase: 'Stopping',
    disruption: 'cluster',
    reason: 'the cluster is to be stopped',
  } as const;
  let next = before;
  const orders = takesOrders(state, slot);
  if (orders) {
    next = [plan.add({ ...common, kind: 'stop-service', after: before, title: 'stop K3s and its containers' })];
  }
  if (slot.instance?.power === 'running') {
    const stopped = plan.add({
      ...common,
      kind: 'stop-instance',
      after: [...next, stepId('stop-service', slot.name)],
      title: 'stop the instance',
    });
    if (!orders && slot.service === 'running') next = [stopped];
  }
  return next;
}
