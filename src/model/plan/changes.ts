import { confirmedFinding } from '../health/findings.js';
import { slotsOf, type WantedSlot } from '../ids.js';
import { awaitsRotation, type RotationState, termsOf } from '../rotation/state.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { mostUnavailable } from '../unavailable.js';
import { typeDiffers, typeFor } from './instance-type.js';
import { inOrder, rotationReason } from './rotating.js';
import { type Budget, type PlanBuilder, type Step, stepId } from './steps.js';
import { nodeConfigOf } from './wanted.js';

/**
 * Plans another type, version or configuration on serving nodes: one server after the other, then the agents of all pools, of each pool as
 * many at a time as `spec.upgrade.maxUnavailable` allows. Kubelets must never be newer than the API server, so servers come first.
 * [Kubernetes: version skew policy]
 *
 * @param before ids of steps that the first change waits for
 * @returns ids of the last steps
 */
export function planChanges(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  wanted: readonly WantedSlot[],
  before: string[],
): string[] {
  let servers = before;
  for (const one of inOrder(
    state,
    wanted.filter(({ role }) => role === 'server'),
  ))
    servers = planChange(plan, document, state, one, servers, null);
  const back = comingBack(plan, state, wanted);
  const budgetFor = budgetsOf(document, state, back);
  for (const step of plan.steps) {
    const slot = back.get(step.slot ?? '');
    if (slot !== undefined) step.budget = budgetFor(slot);
  }
  // What an earlier plan has taken away comes back beside the next ones, within the budget.
  const returns = new Set(plan.steps.flatMap(({ id, slot }) => (back.has(slot ?? '') ? id : [])));
  const first = servers === before ? before.filter((id) => !returns.has(id)) : servers;
  // A node that an earlier try has removed comes back before the next one goes.
  const agents = wanted
    .filter(({ role }) => role === 'agent')
    .sort((a, b) => Number(isAway(state, b.name)) - Number(isAway(state, a.name)));
  const ends = agents.flatMap((one) => {
    const end = planChange(plan, document, state, one, first, budgetFor(one));
    return end === first ? [] : end;
  });
  return ends.length === 0 ? servers : ends;
}

/**
 * Plans the removal of nodes that the document no longer has: drain, remove from Kubernetes, terminate; of each pool as many at a time as
 * may be away.
 */
export function planDepartures(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  before: string[],
): void {
  const keep = new Set(slotsOf(document).map((one) => one.name));
  for (const slot of Object.values(state.slots)) {
    if (keep.has(slot.name)) continue;
    const budget = budgetOf(document, state, slot.pool);
    const common = { slot: slot.name, phase: 'Updating', reason: 'the document no longer has it', budget } as const;
    let last = before;
    if (slot.joined || slot.departing !== null) {
      if (slot.joined && slot.instance && slot.service === 'running' && !slot.drained)
        last = [plan.add({ ...common, kind: 'drain', after: last, title: 'cordon and drain', disruption: 'node' })];
      last = [plan.add({ ...common, kind: 'remove-node', after: last, title: 'remove the node from Kubernetes' })];
    }
    plan.add({ ...common, kind: 'terminate', after: last, title: 'terminate the instance', disruption: 'node' });
  }
}

const RETURNS: ReadonlySet<string> = new Set<Step['kind']>(['start-instance', 'wait-for-agent', 'start-service']);

/** Returns the stopped agents that this plan starts: an earlier plan has taken them away, and ended before they were back. */
function comingBack(
  plan: PlanBuilder,
  state: ClusterState,
  wanted: readonly WantedSlot[],
): ReadonlyMap<string, WantedSlot> {
  const starts = new Set(plan.steps.flatMap(({ kind, slot }) => (RETURNS.has(kind) ? (slot ?? []) : [])));
  const agents = wanted.filter(({ role, name }) => {
    const slot = state.slots[name];
    return role === 'agent' && slot?.joined === true && slot.instance !== null && slot.service === 'stopped';
  });
  return new Map(agents.filter(({ name }) => starts.has(name)).map((one) => [one.name, one]));
}

/** Returns what gives an agent its budget; those that come back hold a share from the begin. */
function budgetsOf(
  document: ClusterDocument,
  state: ClusterState,
  back: ReadonlyMap<string, WantedSlot>,
): (one: WantedSlot) => Budget {
  const budgets = new Map<string | null, Budget>();
  return ({ name, pool }) => {
    const budget = budgets.get(pool) ?? budgetOf(document, state, pool, back);
    budgets.set(pool, budget);
    return back.has(name) ? { ...budget, away: true } : budget;
  };
}

/**
 * Returns the budget that the agents of a pool share; absent nodes use part of it.
 *
 * @param back slots whose own steps hold a share
 */
function budgetOf(
  { spec }: ClusterDocument,
  { slots, findings }: ClusterState,
  pool: string | null,
  back: ReadonlyMap<string, WantedSlot> = new Map(),
): Budget {
  const members = Object.values(slots).filter((slot) => slot.pool === pool && slot.joined);
  const lost = members.filter(
    (slot) =>
      !back.has(slot.name) &&
      (slot.instance?.power !== 'running' || confirmedFinding({ findings }, slot.name, 'ready') !== null),
  );
  const most = mostUnavailable(spec.upgrade.maxUnavailable, members.length);
  return { name: `pool/${pool}`, most: Math.max(1, most - lost.length) };
}

const isAway = ({ slots }: ClusterState, name: string): boolean => slots[name]?.cordoned === true;

/** @returns ids that the change of the next server waits for; `before` itself if there is nothing to change */
function planChange(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  wanted: WantedSlot,
  before: string[],
  budget: Budget | null,
): string[] {
  const slot = state.slots[wanted.name];
  if (!slot?.instance || !slot.joined) return before;
  const name = wanted.name;
  const serving = slot.service === 'running';
  const retype = serving && typeDiffers(state, wanted, slot);
  const reinstall = serving && slot.installed !== document.spec.k3s.version;
  // What an earlier try has installed and not started, because it failed elsewhere or was left at a safe point.
  const due = serving && !reinstall && slot.startDue === true;
  const reconfigure = serving && slot.configHash !== nodeConfigOf(document, state, wanted, slot, slot.instance).hash;
  const altered = serving && document.spec.drift === 'repair' ? confirmedFinding(state, name, 'config') : null;
  const rotated = serving && awaitsRotation(state, slot) ? state.rotation : null;
  const why = [
    retype ? `its type is ${slot.instance.type}, ${typeFor(state, wanted, slot)} is wanted` : '',
    reinstall ? `it runs K3s ${slot.installed ?? 'none'}, ${document.spec.k3s.version} is wanted` : '',
    due ? `K3s ${document.spec.k3s.version} is installed, and its service runs the version before` : '',
    reconfigure ? 'its configuration has changed' : '',
    altered === null ? '' : `${altered.text}, and spec.drift is repair`,
    rotated === null ? '' : rotationReason(rotated),
  ].filter((text) => text !== '');
  const disruption = wanted.role === 'agent' || document.spec.mode === 'ha' ? 'node' : 'cluster';
  const reason = (why.join('; ') || 'Keelson has cordoned it') + sharing(slot, budget);
  let last = before;
  const add = (kind: Step['kind'], title: string, takes: Step['disruption'] = 'none'): void => {
    const common = { slot: name, phase: 'Updating', reason, ...(budget !== null && { budget }) } as const;
    const after = ['preflight', 'store-files', stepId('start-service', name), ...last];
    last = [plan.add({ ...common, kind, after, title, disruption: takes })];
  };
  const gated = why.length > 0 && wanted.role === 'server' && document.spec.mode === 'ha';
  if (gated) add('check-quorum', 'see that the quorum can spare it');
  if ((retype || reinstall || due) && !slot.drained) add('drain', 'cordon and drain', 'node');
  if (reinstall && !retype) add('install', `install K3s ${document.spec.k3s.version}`);
  // As late as possible: a drain may have taken minutes.
  if (gated) add('recheck-quorum', 'check the quorum again');
  if (retype) {
    add('stop-service', 'stop K3s', disruption);
    add('stop-instance', 'stop the instance', disruption);
    add('change-type', `change the type to ${typeFor(state, wanted, slot)}`, disruption);
    add('start-instance', 'start the instance', disruption);
    add('wait-for-agent', 'wait for the SSM agent', disruption);
  }
  if (reinstall && retype) add('install', `install K3s ${document.spec.k3s.version}`);
  const cordoned = slot.cordoned || retype || reinstall || due;
  const itself = cordoned && wanted.role === 'server' ? ', uncordon' : '';
  if (why.length > 0) add('start-service', `${retype ? 'start' : 'restart'} K3s${newly(rotated)}${itself}`, disruption);
  // The job that starts a server also uncordons it.
  const started = wanted.role === 'server' && plan.steps.some(({ id }) => id === stepId('start-service', name));
  if (cordoned && !started) add('uncordon', 'uncordon');
  return last;
}

const sharing = ({ pool }: Slot, budget: Budget | null): string =>
  budget === null || budget.most === 1 ? '' : `; at most ${budget.most} of pool ${pool} at the same time`;

const newly = (rotation: RotationState | null): string =>
  rotation === null ? '' : ` with the new ${termsOf(rotation).name}`;
