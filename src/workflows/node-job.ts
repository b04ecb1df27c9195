import type { JobResult, Presign } from '../activities/api.js';
import { believed } from '../model/care/findings.js';
import { classifyCode } from '../model/errors/index.js';
import { jobIdOf } from '../model/ids.js';
import type { Slot } from '../model/state.js';
import { activities } from './activities.js';
import { type Cluster, emit, failure, scopeOf, stepLabel } from './cluster-context.js';

export interface NodeJob {
  script: string;
  summary: string;
  /** Slot of the step, where the script runs on another node than that. */
  of?: string;
  params: Record<string, string>;
  presign?: Record<string, Presign>;
  timeoutSeconds: number;
  /** A question whose answer is not worth waiting long for, when no one asks it on the way to something. */
  brief?: boolean;
}

/**
 * Runs one script on one node and returns the `key=value` lines that it wrote. The job's id is new for each run that the
 * workflow wants and the same for each repetition of the activity, so that the node runs it at most once.
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
  if (job.brief !== true && believed(state, slot.name, 'agent') !== null)
    throw failure(
      'conflict',
      'AgentLost',
      `${slot.name} (${instance.id}): SSM has lost its agent, so ${job.script} is not sent`,
      'see the amazon-ssm-agent service there and the way out to SSM; it is tried again',
    );
  state.jobCount += 1;
  const run = job.brief === true ? activities.askNodes : activities.runOnNodes;
  const [result] = await run(`${slot.name}: ${job.summary}${stepLabel(cluster, job.of ?? slot.name)}`, {
    ...scopeOf(cluster),
    instanceIds: [instance.id],
    jobId: jobIdOf(state.document.metadata.name, state.uid, job.script, slot.name, state.jobCount),
    script: job.script,
    params: job.params,
    presign: job.presign ?? {},
    ...(job.presign && slot.sealKey?.instanceId === instance.id && { keys: { [instance.id]: slot.sealKey.publicKey } }),
    timeoutSeconds: job.timeoutSeconds,
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

/** The failure of a job that did not end well. */
export function jobFailure(slot: Slot, job: Pick<NodeJob, 'script'>, result: JobResult) {
  const code = result.result['code'] ?? CODES[result.outcome as keyof typeof CODES];
  const lines = result.logTail.trim().split('\n');
  const last = lines.findLast((line) => line.startsWith('error:')) ?? lines.at(-1) ?? '';
  const tail = lines.slice(-8).join('\n').slice(-1500);
  const how = result.exitCode === null ? result.outcome : `${result.outcome}, exit ${result.exitCode}`;
  return failure(
    // Only a person can tell why a node has another key than before: nothing is tried again in haste.
    code === 'NodeKeyChanged' ? 'auth' : 'node-script',
    code,
    `${slot.name} (${result.instanceId}): ${job.script} ${how}: ${last.slice(0, 400)}\n${tail}`,
    `${classifyCode(code).advice}; the whole log is on the node under /var/lib/keelson/jobs`,
  );
}
