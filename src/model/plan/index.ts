import { backupServer } from '../backup/server.js';
import { departingNode } from '../departing.js';
import { decideRemediation } from '../health/decide-remediation.js';
import { upkeepTime } from '../health/window.js';
import { slotIn } from '../ids.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, OperationKind } from '../state.js';
import { deferLaunches } from './deferral.js';
import { planDeleted } from './deleting.js';
import { hasDrifted } from './instance-type.js';
import { quorumLost } from './quorum-lost.js';
import { planRestore } from './restoring.js';
import { planRunning } from './running.js';
import { BACKUP_TITLE, type Plan, PlanBuilder, QUIET, type Step, type StepKind } from './steps.js';
import { planStopped } from './stopping.js';

export type { Observation } from './observe.js';
export { disruptionOf, type Plan, type Step, type StepKind, WAITS } from './steps.js';

/**
 * Returns the ordered steps from the actual to the desired state, each with its reason and disruption; none when there is nothing to do.
 * Pure: the workflow, `keelson plan`, the tests and the UI all ask this function.
 *
 * @param facts the facts that the workflow carries, with the document and the desired state
 * @param now ISO 8601; by default when the cluster was last observed
 */
export function plan(facts: ClusterState, now: string = facts.checkedAt): Plan {
  const { document } = facts;
  switch (facts.desiredState) {
    case 'deleted':
      return { kind: 'delete', reason: 'delete was asked for', steps: planDeleted(facts) };
    case 'stopped': {
      const steps = planStopped(document, facts);
      const reason = isQuiet(steps) ? reasonOf(facts, 'update', steps) : 'the cluster is to be stopped';
      return { kind: isQuiet(steps) ? quietKind(steps) : 'stop', reason, steps };
    }
    case 'running': {
      // Instances of an earlier workflow are inspected first; an unused name is claimed in the same plan.
      if (facts.restore !== null && facts.adoption !== 'inspecting') return planRestore(document, facts, now);
      const blocked = quorumLost(facts);
      if (blocked) return { kind: 'repair', reason: blocked.message, steps: [], blocked };
      if (facts.backup.asked && facts.adoption === 'done') return backupPlan(facts);
      const upkeep = upkeepTime(document, now);
      const remediation = decideRemediation(document, facts, now, upkeep.open);
      const steps = planRunning(document, facts, remediation, now);
      const kind = kindOf(facts, steps);
      const reason = reasonOf(facts, kind, steps);
      const operating = facts.operation !== null && facts.operation.kind !== 'repair';
      if (kind === 'repair' && !document.spec.health.autoRepair && !operating && !facts.repairAsked) {
        const quiet = steps.filter((step) => QUIET.has(step.kind) && step.after.length === 0);
        if (quiet.length > 0) return { kind, reason: reasonOf(facts, kind, quiet), steps: quiet };
        return { kind, reason, steps: [], blocked: repairNeeded(document, steps) };
      }
      const { steps: possible, deferred } = deferLaunches(steps, facts, now);
      const until = [remediation.until, upkeep.opensAt, deferred?.until ?? null]
        .filter((time) => time !== null)
        .sort()[0];
      const held = {
        ...(remediation.blocked !== null && { blocked: remediation.blocked }),
        ...(until !== undefined && { until }),
        ...(deferred !== null && { deferred }),
        ...(remediation.waitsFor !== null && { waitsFor: remediation.waitsFor }),
      };
      return { kind, reason, steps: possible, ...held };
    }
  }
}

/** Before all else: a person who asks for a backup may fear what comes next. */
function backupPlan(state: ClusterState): Plan {
  const plan = new PlanBuilder();
  const server = backupServer(state);
  plan.add({
    kind: 'backup',
    ...(server !== null && { slot: server.name }),
    phase: 'Running',
    after: [],
    title: BACKUP_TITLE,
    reason: 'a backup was asked for',
  });
  return { kind: 'backup', reason: 'a backup was asked for', steps: plan.steps };
}

/** With `autoRepair: false` the plan says what Keelson would do, and has no steps. */
function repairNeeded({ metadata }: ClusterDocument, steps: readonly Step[]): NonNullable<Plan['blocked']> {
  const would = steps.map((step) => `${step.slot === null ? '' : `${step.slot}: `}${step.title}`).join('; ');
  return {
    code: 'RepairApprovalRequired',
    message: `not all is as wanted and spec.health.autoRepair is false; it would: ${would}`,
    hint: `keelson repair ${metadata.name} does it, once; or repair it by hand`,
  };
}

function kindOf(state: ClusterState, steps: readonly Step[]): OperationKind {
  if (state.initializedAt === null) return 'create';
  if (state.rotation !== null) return 'rotate';
  if (isQuiet(steps)) return quietKind(steps);
  const kinds = new Set(steps.map((step) => step.kind));
  if (['reboot', 'terminate-for-replacement', 'tag', 'remove-stale-nodes'].some((kind) => kinds.has(kind as StepKind)))
    return 'repair';
  if (steps.some((step) => step.kind === 'start-service' && step.phase === 'Configuring')) return 'repair';
  const retyped = steps.filter((step) => step.kind === 'change-type');
  if (retyped.length > 0) return retyped.every((step) => isDrift(state, step.slot)) ? 'repair' : 'resize';
  if (Object.values(state.slots).some((slot) => departingNode(slot) !== null)) return 'repair';
  // A cluster that is completely stopped is started; one with some nodes down is repaired.
  const serving = Object.values(state.slots).some((slot) => slot.joined && slot.service === 'running');
  if (steps.some((step) => step.phase === 'Starting')) return serving ? 'repair' : 'start';
  return 'update';
}

const isQuiet = (steps: readonly Step[]): boolean => steps.length > 0 && steps.every((step) => QUIET.has(step.kind));

/** Returns `repair` for steps that no one has asked for. */
const quietKind = (steps: readonly Step[]): OperationKind =>
  steps.every((step) => step.phase === 'Configuring') ? 'repair' : 'update';

/** Returns whether the slot gets its old type back, and not another one that is wanted now. */
function isDrift(state: ClusterState, name: string | null): boolean {
  const wanted = slotIn(state.document, name);
  const slot = wanted && state.slots[wanted.name];
  return wanted !== undefined && slot !== undefined && hasDrifted(state, wanted, slot);
}

function reasonOf(state: ClusterState, kind: OperationKind, steps: readonly Step[]): string {
  if (state.initializedAt === null) return 'the cluster is to run and does not exist yet';
  const work = steps.filter((step) => step.kind !== 'verify' && step.kind !== 'preflight');
  const all = work.length > 0 ? work : steps.filter((step) => step.kind !== 'verify');
  // The first step of a slot explains it; the others follow from it.
  const seen = new Set<string | null>();
  const firsts = all.filter(({ slot }) => !seen.has(slot) && seen.add(slot));
  const said =
    kind === 'repair'
      ? firsts.map(({ slot, reason }) => (slot === null ? reason : `${slot}: ${reason}`))
      : firsts.map((step) => step.reason);
  const reasons = [...new Set(said)];
  return reasons.length === 0 ? 'the nodes were not seen well since the last change' : reasons.slice(0, 3).join('; ');
}
