import type { JobResult, Presign } from '../../activities/api.js';
import { classifyCode } from '../../model/errors/index.js';
import { confirmedFinding } from '../../model/health/findings.js';
import { jobIdOf } from '../../model/ids.js';
import type { Slot } from '../../model/state.js';
import { type Cluster, callContext, emit, stepLabel } from '../cluster/context.js';
import { leaveJob, takeLeftJob } from '../cluster/operation/leave.js';
import { takingDown } from '../cluster/taking-down.js';
import { activities } from './activities.js';
import { failure, isCancelled } from './errors.js';

export interface NodeJob {
  script: string;
  summary: string;
  /** Slot of the step, if the script runs on another node. */
  of?: string;
  params: Record<string, string>;
  presign?: Record<string, Presign>;
  timeoutSeconds: number;
  /** It stops K3s on the node of its step. */
  takesDown?: true;
  /** A question that is not worth a long wait, because nothing depends on its answer. */
  brief?: boolean;
}

/**
 * Runs one script on one node and returns the `key=value` lines that it wrote. Each run that the workflow wants has a new job id, which
 * repetitions of the activity keep, so that the node runs it at most once. A job that the history before has left there keeps its id, too.
 */
export async function runJob(cluster: Cluster, slot: Slot, job: NodeJob): Promise<Record<string, string>> {
  const instance = slot.instance;
  if (instance === null)
    throw failure(
      'conflict',
      'InstanceMissing',
      `${slot.name}: no instance to run ${job.script} on`,
      'it is planned again',
    );
  const { state } = cluster;
  if (job.brief !== true && confirmedFinding(state, slot.name, 'agent') !== null)
    throw failure(
      'conflict',
      'AgentLost',
      `${slot.name} (${instance.id}): SSM has lost its agent, so ${job.script} is not sent`,
      'see the amazon-ssm-agent service there and the way out to SSM; it is tried again',
    );
  const left = takeLeftJob(cluster, instance.id, job);
  if (left === null) state.jobCount += 1;
  const jobId = left ?? jobIdOf(state.document.metadata.name, state.uid, job.script, slot.name, state.jobCount);
  const run = job.brief === true ? activities.askNodes : activities.runOnNodes;
  const input = {
    ...callContext(cluster),
    ...(job.takesDown === true && takingDown(cluster, job.of ?? slot.name)),
    instanceIds: [instance.id],
    jobId,
    script: job.script,
    params: job.params,
    presign: job.presign ?? {},
    ...(job.presign && slot.sealKey?.instanceId === instance.id && { keys: { [instance.id]: slot.sealKey.publicKey } }),
    timeoutSeconds: job.timeoutSeconds,
  };
  const summary = `${slot.name}: ${job.summary}${stepLabel(cluster, job.of ?? slot.name)}`;
  const [result] = await run(summary, input).catch((error: unknown) => {
    if (cluster.control.leaving && isCancelled(error)) leaveJob(cluster, instance.id, job, jobId);
    throw error;
  });
  if (result === undefined)
    throw failure('unknown', 'JobResultMissing', `${slot.name}: ${job.script} gave no result`, 'see the worker log');
  for (const note of result.notes ?? [])
    emit(cluster, 'Warning', 'CommandResent', `${slot.name}: ${job.script}: ${note}`);
  if (result.key !== undefined && slot.sealKey?.instanceId !== instance.id)
    slot.sealKey = { instanceId: instance.id, publicKey: result.key };
  if (result.outcome !== 'done') throw jobFailure(slot, job, result);
  return result.result;
}

const CODES = {
  failed: 'NodeScriptFailed',
  'timed-out': 'NodeScriptTimedOut',
  interrupted: 'NodeInterrupted',
  undelivered: 'CommandUndelivered',
} as const;

/** Returns the failure of a job that did not succeed. */
export function jobFailure(slot: Slot, job: Pick<NodeJob, 'script'>, result: JobResult) {
  const code = result.result['code'] ?? CODES[result.outcome as keyof typeof CODES];
  const lines = result.logTail.trim().split('\n');
  const last = lines.findLast((line) => line.startsWith('error:')) ?? lines.at(-1) ?? '';
  const tail = lines.slice(-8).join('\n').slice(-1500);
  const how = result.exitCode === null ? result.outcome : `${result.outcome}, exit ${result.exitCode}`;
  return failure(
    // Only a person can say why a node has another key than before: Keelson does not hurry the next try.
    code === 'NodeKeyChanged' ? 'auth' : 'node-script',
    code,
    `${slot.name} (${result.instanceId}): ${job.script} ${how}: ${last === '' ? withoutLines(result) : `${last.slice(0, 400)}\n${tail}`}`,
    `${classifyCode(code).hint}; the whole log is on the node under /var/lib/keelson/jobs`,
  );
}

/** A killed script reports nothing; its exit code is 128 plus the number of the signal. [bash: exit status] */
const withoutLines = ({ exitCode }: JobResult): string =>
  exitCode === 137
    ? 'it was killed (SIGKILL) before it said anything, most often because memory ran out'
    : 'it has left no lines in its log';
