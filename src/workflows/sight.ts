import { patched } from '@temporalio/workflow';
import { WAITS } from '../model/plan/index.js';
import { quorumHangsOn } from '../model/plan/quorum-lost.js';
import type { ClusterState } from '../model/state.js';
import { readWatchReport } from '../model/watch/report.js';
import { endedIn, lossesOf, mergeSights, readSight, type Sight, surprisesOf } from '../model/watch/sight.js';
import { activities } from './activities.js';
import { type Cluster, emit, scopeOf } from './cluster-context.js';
import { LOSSES_END_STEPS } from './patches.js';
import { takeReport, takeWatch } from './unobserved.js';

const LONGEST = 200;

/**
 * The signal `look`. A person's is heard at once. What the region watch or an event has seen is compared with what the cluster
 * knows: its own doings surprise no one. While an operation runs that waits for its end, but for instances that are lost. What the watch cannot
 * see is told at once, and no reason to look: the cluster would ask AWS the same.
 */
export function onLook(cluster: Cluster, payload: unknown): void {
  const { state } = cluster;
  const report = readWatchReport(payload);
  if (report !== null) takeReport(cluster, report);
  const sight = readSight(payload);
  if (sight === null) {
    if (report === null) onPerson(cluster, payload);
    return;
  }
  state.sight = mergeSights(state.sight, sight);
  if (cluster.abort === null) judgeSight(cluster);
  else hearLosses(cluster, state.sight);
}

/**
 * Steps that only wait are left when what they wait for is gone; what changes something is finished first, unless the quorum is lost with
 * it: then whatever runs on a node waits for an answer that does not come, and goes on there for as long as its own time-out. The wait for
 * the agent of an instance that is gone ends within a second, and with the reason of EC2.
 */
function hearLosses(cluster: Cluster, sight: Sight): void {
  const { state } = cluster;
  const atWork = state.operation?.steps.filter((step) => step.outcome === 'running' && !WAITS.has(step.kind)) ?? [];
  const losses = lossesOf(state, sight, new Set(atWork.flatMap((step) => step.slot ?? [])));
  if (losses.length === 0) return;
  wantLook(cluster, losses.map(({ text }) => text).join('; '));
  cluster.replan = true;
  cluster.loss ??= losses.find(({ slot }) => isStartedByOperation(state, slot)) ?? null;
  const inVain = quorumHangsOn(state, new Set(losses.map(({ slot }) => slot)));
  if (inVain && patched(LOSSES_END_STEPS)) cluster.abort?.();
  else cluster.interrupt?.(endedIn(state, sight));
}

/** Whether the operation under way has launched or started the slot's instance: then to lose it is a failure of the operation. */
const isStartedByOperation = (state: ClusterState, slot: string): boolean =>
  state.operation?.steps.some((step) => step.slot === slot && STARTS.has(step.kind)) ?? false;

const STARTS: ReadonlySet<string> = new Set(['launch', 'start-instance', 'agent']);

/** Compares what was told with what is known, once. */
export function judgeSight(cluster: Cluster): void {
  const { state } = cluster;
  if (state.sight === null) return;
  const surprises = surprisesOf(state, state.sight);
  state.sight = null;
  if (surprises.length > 0) wantLook(cluster, surprises.join('; '));
}

/** A region with a cluster has a watch. Asked for in each history: a watch that was ended by hand comes back. */
export async function ensureWatch(cluster: Cluster): Promise<void> {
  cluster.watched = true;
  try {
    await activities.ensureWatch('start the region watch, unless it runs', scopeOf(cluster));
    takeWatch(cluster, null);
  } catch (error) {
    takeWatch(cluster, error);
  }
}

/** A person asks after a change that they made: so the nodes are asked what is otherwise asked every few hours, too. */
function onPerson(cluster: Cluster, payload: unknown): void {
  for (const slot of Object.values(cluster.state.slots))
    if (slot.facts !== null) slot.facts = { ...slot.facts, deepAt: null };
  wantLook(cluster, reasonOf(payload));
}

function wantLook(cluster: Cluster, reason: string): void {
  cluster.state.lookWanted = true;
  cluster.wakes += 1;
  emit(cluster, 'Normal', 'LookWanted', reason.slice(0, LONGEST));
}

function reasonOf(payload: unknown): string {
  const reason = typeof payload === 'object' && payload !== null && 'reason' in payload ? payload.reason : undefined;
  return typeof reason === 'string' ? reason : 'asked for by signal';
}
