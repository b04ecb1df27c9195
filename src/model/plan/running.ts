import { backupServer } from '../backup/server.js';
import type { RemediationDecision } from '../health/decide-remediation.js';
import { staleNodesOf } from '../health/stale-nodes.js';
import { slotsOf } from '../ids.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import { planAdoption, planInspection } from './adoption.js';
import { planArrival } from './arrival.js';
import { planChanges, planDepartures } from './changes.js';
import { planMembership } from './membership.js';
import { planBundles, planManifests } from './node-files.js';
import { planNodeLabels } from './node-labels.js';
import { planPreflight } from './preflight.js';
import { planProof } from './proof.js';
import { planRepair, planRetirement, withoutInstance } from './repairing.js';
import { planRotation } from './rotating.js';
import { planInstanceGroups } from './security-groups.js';
import { planServices } from './services.js';
import { BACKUP_TITLE, PlanBuilder, type Step } from './steps.js';

/**
 * Plans the steps from the facts in `state` to a running cluster. New nodes start side by side, each as fast as it can; serving nodes
 * change one server after the other behind the gate, then the agents as `spec.upgrade.maxUnavailable` allows; superfluous nodes go last.
 */
export function planRunning(
  document: ClusterDocument,
  carried: ClusterState,
  remediation: RemediationDecision,
  now: string,
): Step[] {
  const plan = new PlanBuilder();
  if (carried.adoption === 'inspecting') return planInspection(carried);
  const { repair } = remediation;
  const wanted = slotsOf(document).filter((one) => !remediation.deferred.has(one.name));
  const given = wanted.flatMap(({ name }) => carried.slots[name] ?? []);
  const mute = given.filter(({ instance }) => instance?.unregistered === true || instance?.foundedOtherwise === true);
  // A node to be replaced is planned as lost, after the steps that remove it.
  const leaving = repair?.action === 'replace' ? [...mute, repair.slot] : mute;
  const state = leaving.reduce(withoutInstance, carried);
  planAdoption(plan, state);
  planPreflight(plan, document, state, wanted, now);
  planInstanceGroups(plan, document, state);
  planBundles(plan, document, state);
  planTidying(plan, document, state);
  if (repair !== null) planRepair(plan, document, carried, repair);
  for (const slot of mute) planRetirement(plan, slot);
  // A node that is stopped and started for its repair has those steps already.
  const cycled = repair?.action === 'power-cycle' ? repair.slot.name : null;
  for (const one of wanted) if (one.name !== cycled) planArrival(plan, document, state, one);
  planServices(
    plan,
    state,
    wanted.filter((one) => !remediation.backingOff.has(one.name) && one.name !== cycled),
  );
  for (const one of wanted) planMembership(plan, state, one);
  let before = plan.steps
    .filter((step) => ['start-service', 'bootstrap', 'join'].includes(step.kind))
    .map((step) => step.id);
  before = planBackup(plan, document, state, before);
  before = planRotation(plan, state, before);
  before = planChanges(
    plan,
    document,
    state,
    wanted.filter((one) => one.name !== repair?.slot.name),
    before,
  );
  planNodeLabels(plan, document, state);
  planManifests(plan, document, state);
  planDepartures(plan, document, state, before);
  planProof(plan, document, state, remediation);
  return plan.steps;
}

/**
 * Returns a backup before the first server is upgraded, for a document that asks for backups: K3s does not go back to an older version.
 * Once in an operation; a failed one is reported and holds up nothing.
 */
function planBackup(plan: PlanBuilder, document: ClusterDocument, state: ClusterState, before: string[]): string[] {
  const { backup, k3s } = document.spec;
  if (backup === undefined || state.initializedAt === null) return before;
  const upgrades = Object.values(state.slots).some(
    ({ role, joined, service, installed }) =>
      role === 'server' && joined && service === 'running' && installed !== k3s.version,
  );
  const isTaken = state.operation?.steps.some(({ kind, outcome }) => kind === 'backup' && outcome === 'done') === true;
  const server = backupServer(state);
  if (!upgrades || isTaken || server === null) return before;
  const reason = `K3s ${k3s.version} is about to be installed`;
  return [
    plan.add({
      kind: 'backup',
      slot: server.name,
      phase: 'Updating',
      after: ['preflight', ...before],
      title: BACKUP_TITLE,
      reason,
    }),
  ];
}

/** Steps that disrupt no one: remove nodes without a machine, and set missing tags again. */
function planTidying(plan: PlanBuilder, document: ClusterDocument, state: ClusterState): void {
  const staleNodes = staleNodesOf(state);
  if (staleNodes.length > 0 && state.initializedAt !== null) {
    plan.add({
      kind: 'remove-stale-nodes',
      phase: 'Configuring',
      after: [],
      title: `remove ${staleNodes.join(', ')} from Kubernetes`,
      reason: 'no instance is behind it, and its slot has another node',
    });
  }
  if (document.spec.drift !== 'repair') return;
  for (const slot of Object.values(state.slots)) {
    if (slot.instance?.untagged !== true) continue;
    plan.add({
      kind: 'tag',
      slot: slot.name,
      phase: 'Configuring',
      after: [],
      title: 'set its tags again',
      reason: 'someone has taken them away, and spec.drift is repair',
    });
  }
}
