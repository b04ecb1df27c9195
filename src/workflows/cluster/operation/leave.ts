import { fingerprint } from '../../../model/k3s/fingerprint.js';
import type { Step, StepKind } from '../../../model/plan/index.js';
import type { Operation } from '../../../model/state.js';
import { type Cluster, now } from '../context.js';

/** Steps of agents that only wait, or whose work goes on as a job on a node: another history takes them up where they are. */
const LEAVABLE: ReadonlySet<string> = new Set<StepKind>([
  'drain',
  'install',
  'stop-service',
  'stop-instance',
  'wait-for-agent',
  'start-service',
  'uncordon',
  'remove-node',
]);

/**
 * How long a job counts as left. The next history begins within a second; one that begins later, because no worker ran, starts new jobs, which
 * wait on the node for the end of those that run there.
 */
const LEFT_MS = 60_000;

/** Returns whether the step may be left running at continue-as-new. Servers' steps end first: the quorum gate wants to see what became of them. */
export const isLeavable = ({ kind, budget }: Step): boolean => budget !== undefined && LEAVABLE.has(kind);

/** Begins to leave what can be left: a history that is to be continued ends without waiting for the slowest node. */
export function beginLeaving({ state, control }: Cluster): void {
  control.leaving = true;
  state.leftJobs = { at: now(), jobs: {} };
}

/** What makes two jobs the same: the node, the script and its variables. */
type Work = { script: string; of?: string; params: Record<string, string>; presign?: object };

const keyOf = (instanceId: string, { script, of, params, presign = {} }: Work): string =>
  fingerprint(JSON.stringify([instanceId, script, of ?? null, params, Object.keys(presign)]));

/** Notes that the job goes on without this history. */
export function leaveJob({ state }: Cluster, instanceId: string, work: Work, jobId: string): void {
  if (state.leftJobs !== undefined) state.leftJobs.jobs[keyOf(instanceId, work)] = jobId;
}

/** Returns the id of such a job that the history before has left on the node; null if it has left none. */
export function leftJob({ state: { leftJobs } }: Cluster, instanceId: string, work: Work): string | null {
  if (leftJobs === undefined || Object.keys(leftJobs.jobs).length === 0) return null;
  return Date.now() - Date.parse(leftJobs.at) > LEFT_MS ? null : (leftJobs.jobs[keyOf(instanceId, work)] ?? null);
}

/** Returns that id, once: a second job of the kind is another one. */
export function takeLeftJob(cluster: Cluster, instanceId: string, work: Work): string | null {
  const jobId = leftJob(cluster, instanceId, work);
  if (jobId !== null) delete cluster.state.leftJobs?.jobs[keyOf(instanceId, work)];
  return jobId;
}

/** Ends the records of steps that were left and that no plan takes up. */
export function endLeftSteps(operation: Operation, plan: readonly { id: string }[]): void {
  const ids = new Set(plan.map(({ id }) => id));
  for (const record of operation.steps) {
    if (record.outcome !== 'running' || ids.has(record.id)) continue;
    record.outcome = 'cancelled';
    record.endedAt = now();
  }
}
