import { messageOf } from '../../aws/error-code.js';
import { failure } from '../../aws/failure.js';
import { bucketPrefix } from '../../model/bucket.js';
import { renderCommand } from '../../node/render.js';
import type { RunOnNodesInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { requireOwn } from '../ec2/proof.js';
import { tolerant } from '../tolerant.js';
import { findSent, send } from './commands.js';

/** A presigned URL outlives the job by this: delivery may take minutes. */
const URL_SLACK_SECONDS = 900;
/** The clock of SSM and that of the worker may differ. */
const CLOCK_SLACK_MS = 60_000;

/** What a heartbeat carries: enough for another worker to go on with the same commands. No URL, no text. */
export interface Progress {
  /** Command by instance. */
  sent: Record<string, string>;
  /** How often the job was sent, by instance. */
  sends: Record<string, number>;
  /** Commands that SSM has lost, in words, by instance. */
  notes?: Record<string, string[]>;
}

/** Renders the job and sends it to these nodes; the commands' ids are heartbeated before anything else is done. */
export async function dispatch(
  deps: ActivityDeps,
  attempt: Attempt,
  input: RunOnNodesInput,
  progress: Progress,
  ids: string[],
): Promise<void> {
  if (ids.length === 0) return;
  // What fetches or stores secrets goes to the cluster's own instances only, whatever the workflow names.
  if (Object.keys(input.presign).length > 0) await requireOwn(deps, input, ids);
  const text = render(input, await presign(deps, input));
  const sent = await send(deps.clients.ssm(input.region), ids, input.jobId, text, input.timeoutSeconds);
  for (const id of ids) {
    progress.sent[id] = sent[id] ?? '';
    progress.sends[id] = (progress.sends[id] ?? 0) + 1;
  }
  attempt.heartbeat(progress);
}

/** Finds commands that an earlier attempt sent and whose heartbeat was lost with its worker, by their Comment. */
export async function findEarlier(
  deps: ActivityDeps,
  attempt: Attempt,
  input: RunOnNodesInput,
  progress: Progress,
): Promise<void> {
  const ssm = deps.clients.ssm(input.region);
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
  const urls = Object.entries(input.presign).map(
    async ([name, { method, key }]) =>
      [name, await deps.bucket.presign(method, bucketPrefix(input.cluster) + key, seconds)] as const,
  );
  return Object.fromEntries(await Promise.all(urls));
}
