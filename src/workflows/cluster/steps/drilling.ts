import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
} from '@temporalio/workflow';
import { filesKey } from '../../../model/bucket.js';
import { drillMachine } from '../../../model/drill/launch.js';
import { drillDue, drillLostAt } from '../../../model/drill/schedule.js';
import { DRILL_SLOT, type DrillReport, drillIdOf, readDrillReport } from '../../../model/drill/state.js';
import { waitsOf } from '../../../model/health/waits.js';
import { groupOf } from '../../../model/node-files/wanted.js';
import type { DrillInput } from '../../drill.js';
import { isCancelled } from '../../lib/errors.js';
import { type Cluster, callContext, emit, now, shortId } from '../context.js';
import { inTurn } from '../in-turn.js';

/** How long a cancelled drill may take to terminate its machine; the sweep of the delete reports what the drill cannot remove. */
const ENDING = '5m';

/** Returns the milliseconds until a drill begins or counts as lost; null for never. */
export function untilDrill({ state }: Cluster): number | null {
  const at = drillDue(state) ?? drillLostAt(state);
  return at === null ? null : Math.max(0, Date.parse(at) - Date.now());
}

/**
 * Begins the drill that is due, or cleans up after a lost one. A drill that cannot begin has failed, and is reported like any failed drill.
 */
export async function moveDrill(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  if (state.drill.running !== null) {
    await removeLost(cluster);
    return;
  }
  const generation = (state.generations[DRILL_SLOT] ?? 0) + 1;
  const ref = state.drill.asked && state.requestedOperationId !== null ? state.requestedOperationId : `op-${shortId()}`;
  if (state.drill.asked) {
    state.requestedOperationId = null;
    state.lastRequest = null;
  }
  const since = now();
  state.generations = { ...state.generations, [DRILL_SLOT]: generation };
  state.drill = { ...state.drill, asked: false, running: { ref, generation, since } };
  const machine = drillMachine(state);
  const problem = machine === null ? NO_PLACE : null;
  if (await start(cluster, { ...inputOf(cluster, ref, generation), machine, problem })) {
    emit(
      cluster,
      'Normal',
      'DrillStarted',
      `the newest backup is restored on a machine of its own (${drillIdOf(name(cluster))})`,
    );
  } else {
    // A drill of an earlier workflow of this name, whose report this one waits for.
    emit(cluster, 'Warning', 'DrillUnderWay', `${drillIdOf(name(cluster))} runs already`);
  }
  cluster.status.publish();
}

const NO_PLACE = {
  code: 'TypeNotOffered',
  message: 'no subnet of the cluster offers the type of its servers',
  hint: 'see spec.servers.instanceType and spec.network.subnetIds',
};

const name = ({ state }: Cluster): string => state.document.metadata.name;

function inputOf(cluster: Cluster, ref: string, generation: number): Omit<DrillInput, 'machine' | 'problem'> {
  const { state } = cluster;
  const group = groupOf({ pool: null });
  const files = state.nodeFiles[group];
  return {
    scope: { ...callContext(cluster), operation: ref },
    ref,
    generation,
    document: state.document,
    files: files === undefined ? null : { sha256: files.sha256, key: filesKey(group) },
    registrationSeconds: waitsOf(state.document).registration / 1_000,
  };
}

/**
 * Starts the drill's workflow. It outlives this one, as the cluster does: if someone terminates this workflow, the drill still removes what
 * it has made. A delete cancels it. @returns false when one runs already
 */
async function start(cluster: Cluster, input: DrillInput): Promise<boolean> {
  try {
    await inTurn(
      startChild('drill', {
        workflowId: drillIdOf(name(cluster)),
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        staticSummary: `Restores the newest backup of ${name(cluster)} on a machine of its own`,
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/**
 * Removes a drill that takes too long or whose workflow was terminated. Another drill, which restores nothing, removes what it has left.
 */
async function removeLost(cluster: Cluster): Promise<void> {
  const { running } = cluster.state.drill;
  if (running === null) return;
  const problem = {
    code: 'DrillLost',
    message: `the drill of ${running.since} has told nothing: its workflow ${drillIdOf(name(cluster))} was ended`,
    hint: 'what it has left is removed; drill again',
  };
  cluster.state.drill = { ...cluster.state.drill, running: { ...running, since: now() } };
  await start(cluster, { ...inputOf(cluster, running.ref, running.generation), machine: null, problem });
}

/** Handles the signal that a drill sends at its end, and ignores one from a drill that this workflow does not wait for. */
export function onDrilled(cluster: Cluster, payload: unknown): void {
  const { state } = cluster;
  const report = readDrillReport(payload);
  if (report === null || state.drill.running === null) return;
  // The cluster waited for a drill of an earlier workflow instead of beginning one.
  state.drill = { ...state.drill, running: null, last: { ...report, ref: state.drill.running.ref } };
  cluster.inbox.revision += 1;
  emitReport(cluster, report);
  cluster.status.publish();
}

function emitReport(cluster: Cluster, { backup, problem, objects, machineSeconds, instanceType }: DrillReport): void {
  const cost = machineSeconds === 0 ? 'no machine was launched' : `${minutes(machineSeconds)} of ${instanceType}`;
  if (problem === null)
    emit(
      cluster,
      'Normal',
      'BackupProven',
      `backup ${backup} was restored: its marker and ${objects} objects are there; ${cost}`,
    );
  else emit(cluster, 'Warning', 'DrillFailed', `${problem.code}: ${problem.message}; ${cost}`);
}

const minutes = (seconds: number): string => `${(seconds / 60).toFixed(1)} machine minutes`;

/**
 * Cancels the drill of a cluster that is deleted, and waits for its end: otherwise it could launch its machine after the sweep of the
 * delete. A drill that no longer runs cannot be cancelled, and needs no wait.
 */
export async function endDrill(cluster: Cluster): Promise<void> {
  const { state } = cluster;
  if (state.drill.running === null) return;
  try {
    await inTurn(getExternalWorkflowHandle(drillIdOf(name(cluster))).cancel());
    await condition(() => state.drill.running === null, ENDING);
  } catch (error) {
    if (isCancelled(error)) throw error;
  }
  state.drill = { ...state.drill, asked: false, running: null };
}
