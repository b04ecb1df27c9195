import { patched } from '@temporalio/workflow';
import { WAITS } from '../../../model/plan/index.js';
import { quorumHangsOn } from '../../../model/plan/quorum-lost.js';
import type { ClusterState } from '../../../model/state.js';
import {
  differencesOf,
  endedIn,
  lossesOf,
  mergeReports,
  type RegionReport,
  readRegionReport,
} from '../../../model/watch/region-report.js';
import { readWatchReport } from '../../../model/watch/report.js';
import { activities } from '../../lib/activities.js';
import { LOSSES_END_STEPS } from '../../lib/patches.js';
import { type Cluster, callContext, emit } from '../context.js';
import { unlessMessage } from '../unless-message.js';
import { takeReport, takeWatch } from './unobserved.js';

const LONGEST = 200;

/**
 * Handles the signal `reconcile`. A person's request counts at once. A report of the region watch or of an event is compared with the
 * state, so that the cluster ignores its own changes. During an operation that comparison waits for the operation's end, except for lost
 * instances. A failure of the watch is reported at once but causes no observation: the cluster would ask AWS the same.
 */
export function onReconcile(cluster: Cluster, payload: unknown): void {
  const { state } = cluster;
  const report = readWatchReport(payload);
  if (report !== null) takeReport(cluster, report);
  const regionReport = readRegionReport(payload);
  if (regionReport === null) {
    if (report === null) onPerson(cluster, payload);
    return;
  }
  state.regionReport = mergeReports(state.regionReport, regionReport);
  if (cluster.control.cancel === null) takeRegionReport(cluster);
  else hearLosses(cluster, state.regionReport, regionReport);
}

/**
 * Ends steps that only wait for something that is gone, and lets steps that change something finish. If the loss costs the quorum, it ends
 * all steps: what runs on a node waits for an answer that does not come, until its own time-out. The wait for the agent of a lost instance
 * ends within a second, with EC2's reason.
 */
function hearLosses(cluster: Cluster, regionReport: RegionReport, latest: RegionReport): void {
  const { state } = cluster;
  const atWork = state.operation?.steps.filter((step) => step.outcome === 'running' && !WAITS.has(step.kind)) ?? [];
  const losses = lossesOf(state, regionReport, new Set(atWork.flatMap((step) => step.slot ?? [])), latest);
  if (losses.length === 0) return;
  requestObservation(cluster, losses.map(({ text }) => text).join('; '));
  cluster.control.replanRequested = true;
  cluster.control.loss ??= losses.find(({ slot }) => isStartedByOperation(state, slot)) ?? null;
  const inVain = quorumHangsOn(state, new Set(losses.map(({ slot }) => slot)));
  if (inVain && patched(LOSSES_END_STEPS)) cluster.control.cancel?.();
  else cluster.control.interruptWaits?.(endedIn(state, regionReport));
}

/** Returns whether the operation under way has launched or started the slot's instance: then to lose it is a failure of the operation. */
const isStartedByOperation = (state: ClusterState, slot: string): boolean =>
  state.operation?.steps.some((step) => step.slot === slot && STARTS.has(step.kind)) ?? false;

const STARTS: ReadonlySet<string> = new Set(['launch', 'start-instance', 'wait-for-agent']);

/** Compares the report with the state, once. */
export function takeRegionReport(cluster: Cluster): void {
  const { state } = cluster;
  if (state.regionReport === null) return;
  const surprises = differencesOf(state, state.regionReport);
  state.regionReport = null;
  if (surprises.length > 0) requestObservation(cluster, surprises.join('; '));
}

/**
 * Makes sure that the region has a watch. Each history asks for it, so that a watch that someone has ended comes back. A request does not wait for the answer, for which many
 * clusters may wait together; it is taken over when it comes.
 */
export async function ensureWatch(cluster: Cluster): Promise<void> {
  cluster.observations.watchEnsured = true;
  const asked = activities.ensureWatch('start the region watch, unless it runs', callContext(cluster)).then(
    () => takeWatch(cluster, null),
    (error: unknown) => takeWatch(cluster, error),
  );
  await unlessMessage(cluster, () => asked);
}

/**
 * Handles a person's request. It follows a change that the person made, so Keelson also asks the nodes what it otherwise asks every few
 * hours.
 */
function onPerson(cluster: Cluster, payload: unknown): void {
  for (const slot of Object.values(cluster.state.slots))
    if (slot.facts !== null) slot.facts = { ...slot.facts, deepAt: null };
  requestObservation(cluster, reasonOf(payload));
}

function requestObservation(cluster: Cluster, reason: string): void {
  cluster.state.observeRequested = true;
  cluster.inbox.revision += 1;
  emit(cluster, 'Normal', 'ReconcileRequested', reason.slice(0, LONGEST));
}

function reasonOf(payload: unknown): string {
  const reason = typeof payload === 'object' && payload !== null && 'reason' in payload ? payload.reason : undefined;
  return typeof reason === 'string' ? reason : 'asked for by signal';
}
