import { believed } from '../care/findings.js';
import { toleranceOf } from '../quorum.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot, StepRecord } from '../state.js';
import { planAdoption, planInspection } from './adoption.js';
import { planSecurityGroups } from './security-groups.js';
import { BACKUP_TITLE, PlanBuilder, type Step, stepId } from './steps.js';

/**
 * Steps from the facts to a stopped cluster: agents first, then the servers one by one, an etcd snapshot while they
 * still have their quorum. K3s is stopped before its instance, which hands the etcd leadership over.
 */
export function planStopped(document: ClusterDocument, state: ClusterState): Step[] {
  if (state.adoption === 'inspecting') return planInspection(state);
  const plan = new PlanBuilder();
  planAdoption(plan, state);
  // Who may reach the API is settled before the servers start again.
  if (state.placement !== null && state.securityGroups !== null) planSecurityGroups(plan, document, state, false);
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
            // A document that asks for backups gets one: a disk that sleeps may not wake up.
            kind: document.spec.backup === undefined ? 'snapshot' : 'backup',
            slot: last.name,
            phase: 'Stopping',
            after: agentStops,
            title: document.spec.backup === undefined ? 'save an etcd snapshot' : BACKUP_TITLE,
            reason: 'the servers are about to stop',
          }),
        ];
  const members = servers.filter((slot) => slot.joined);
  const tolerant = toleranceOf(members.filter((slot) => slot.service === 'running').length, members.length) > 0;
  let before = agentStops;
  for (const [index, slot] of servers.entries()) {
    // Beside the first server's stop where the others keep the quorum without it; surely before the stop that costs it.
    const safe = index === 0 && tolerant ? before : [...before, ...saved];
    before = planStop(plan, state, slot, safe);
  }
  return plan.steps;
}

const isSnapshot = ({ kind, outcome }: StepRecord): boolean =>
  (kind === 'snapshot' || kind === 'backup') && outcome === 'done';

/** K3s runs there and SSM has not lost the agent; where it has, the shutdown of the operating system stops K3s. */
const takesOrders = (state: ClusterState, slot: Slot): boolean =>
  slot.service === 'running' && slot.agentOnline && believed(state, slot.name, 'agent') === null;

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
