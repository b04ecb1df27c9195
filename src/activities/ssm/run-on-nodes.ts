import type { SSMClient } from '@aws-sdk/client-ssm';
import { CancelledFailure } from '@temporalio/common';
import { messageOf } from '../../aws/error-code.js';
import { failure } from '../../aws/failure.js';
import { bucketPrefix } from '../../model/bucket.js';
import { renderCommand } from '../../node/render.js';
import type { JobResult, RunOnNodesInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { tolerant } from '../tolerant.js';
import { cancel, findSent, type Invocation, look, type Sent, send } from './commands.js';
import { jobResult, undelivered } from './job-result.js';

/** A command that may not have run is sent this many times in all; on the node the job id makes them one. */
const SENDS = 3;
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 1_000;
/** A presigned URL outlives the job by this: delivery may take minutes. */
const URL_SLACK_SECONDS = 900;
/** The clock of SSM and that of the worker may differ. */
const CLOCK_SLACK_MS = 60_000;

/** What a heartbeat carries: enough for another worker to go on with the same commands. No URL, no text. */
interface Progress {
  sent: Sent;
  sends: Record<string, number>;
}

/**
 * Runs a script on nodes, on each at most once whatever happens to this worker: the command's id is heartbeated as soon as
 * it is known; a later attempt goes on with it, or finds it by its Comment; and where a command has to be sent again, the
 * runner on the node attaches to the job of the same id.
 *
 * @returns one result per instance, in the order of the input; also for scripts that failed
 * @throws CancelledFailure when cancelled; the commands are cancelled then, if the workflow asked for it
 */
export async function runOnNodes(deps: ActivityDeps, attempt: Attempt, input: RunOnNodesInput): Promise<JobResult[]> {
  const ssm = deps.clients.ssm(input.region);
  const progress = (attempt.resumed as Progress | undefined) ?? { sent: {}, sends: {} };
  const results = new Map<string, JobResult>();
  try {
    if (attempt.number > 1) await findEarlier(ssm, attempt, input, progress);
    await sendTo(
      deps,
      attempt,
      input,
      progress,
      input.instanceIds.filter((id) => progress.sent[id] === undefined),
    );
    const poll = tolerant(attempt, `job ${input.jobId}`);
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.2)) {
      const open = input.instanceIds.filter((id) => !results.has(id));
      if (open.length === 0) break;
      await attempt.sleep(pause);
      const seen = await poll(() => Promise.all(open.map((id) => look(ssm, id, progress.sent[id] ?? ''))));
      const again: string[] = [];
      for (const [index, id] of open.entries()) {
        const result = settle(id, input.jobId, seen[index], progress);
        if (result === 'again') again.push(id);
        else if (result !== null) results.set(id, result);
      }
      await sendTo(deps, attempt, input, progress, again);
    }
  } catch (error) {
    if (error instanceof CancelledFailure && attempt.wasCancelled()) {
      const open = input.instanceIds.filter((id) => !results.has(id));
      await cancel(
        ssm,
        open.flatMap((id) => progress.sent[id] ?? []),
      );
    }
    throw error;
  }
  return input.instanceIds.flatMap((id) => results.get(id) ?? []);
}

/** What follows from the invocation: a result, another send, or more patience (null). */
function settle(
  id: string,
  jobId: string,
  invocation: Invocation | undefined,
  progress: Progress,
): JobResult | 'again' | null {
  if (invocation === undefined || invocation.status === 'running') return null;
  if (invocation.status !== 'undelivered') return jobResult(id, jobId, invocation);
  return (progress.sends[id] ?? 1) < SENDS ? 'again' : undelivered(id, invocation);
}

/** Commands that an attempt sent whose heartbeat was lost with its worker. */
async function findEarlier(
  ssm: SSMClient,
  attempt: Attempt,
  input: RunOnNodesInput,
  progress: Progress,
): Promise<void> {
  const find = tolerant(attempt, `ListCommandInvocations for ${input.jobId}`);
  for (const id of input.instanceIds) {
    if (progress.sent[id] !== undefined) continue;
    const commandId = await find(() => findSent(ssm, id, input.jobId, attempt.since - CLOCK_SLACK_MS));
    if (commandId === null) continue;
    attempt.log.info('going on with a command sent before', { instanceId: id, commandId, jobId: input.jobId });
    progress.sent[id] = commandId;
    progress.sends[id] = 1;
  }
  attempt.heartbeat(progress);
}

async function sendTo(
  deps: ActivityDeps,
  attempt: Attempt,
  input: RunOnNodesInput,
  progress: Progress,
  ids: string[],
): Promise<void> {
  if (ids.length === 0) return;
  const text = render(input, await presign(deps, input));
  const sent = await send(deps.clients.ssm(input.region), ids, input.jobId, text, input.timeoutSeconds);
  for (const id of ids) {
    progress.sent[id] = sent[id] ?? '';
    progress.sends[id] = (progress.sends[id] ?? 0) + 1;
  }
  attempt.heartbeat(progress);
}

/** What cannot be rendered cannot be rendered next time either. The renderer's messages show no values of URLs. */
function render(
  { jobId, lock, script, params, timeoutSeconds }: RunOnNodesInput,
  urls: Record<string, string>,
): string {
  try {
    return renderCommand({ jobId, script, params, urls, timeoutSeconds, ...(lock === undefined ? {} : { lock }) });
  } catch (error) {
    throw failure({
      code: 'Unexpected',
      class: 'unknown',
      message: `job ${jobId} cannot be sent: ${messageOf(error)}`,
      advice: 'report it as a defect, with the history of the workflow',
      cause: error,
      nonRetryable: true,
    });
  }
}

/** Made just before they are sent, so that they live no longer than they must; they appear nowhere but in the command. */
async function presign(deps: ActivityDeps, input: RunOnNodesInput): Promise<Record<string, string>> {
  const seconds = URL_SLACK_SECONDS + input.timeoutSeconds;
  const urls = Object.entries(input.presign).map(async ([name, { method, key }]) => [
    name,
    await deps.bucket.presign(method, bucketPrefix(input.cluster) + key, seconds),
  ]);
  return Object.fromEntries(await Promise.all(urls)) as Record<string, string>;
}
