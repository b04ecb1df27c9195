import { messageOf } from '../../aws/error-code.js';
import { failure } from '../../aws/failure.js';
import { backupPrefix } from '../../model/backup/keys.js';
import { bucketPrefix } from '../../model/bucket.js';
import { renderCommand } from '../../node/render.js';
import { type SignedUrl, seal, urlLines } from '../../node/seal.js';
import type { RunOnNodesInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { requireOwn } from '../ec2/proof.js';
import { tolerant } from '../tolerant.js';
import { DELIVERY_SECONDS, findSent, send } from './commands.js';

/** A presigned URL lives until its command must have been delivered, and a little longer. While a job runs it gets newer ones. */
const URL_SECONDS = DELIVERY_SECONDS + 60;
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
  /** Public keys that nodes have reported for this job, by instance. */
  keys?: Record<string, string>;
}

/** The key that URLs for the node are sealed to; undefined while it is not known. */
export const keyOf = (input: RunOnNodesInput, progress: Progress, id: string): string | undefined =>
  progress.keys?.[id] ?? input.keys?.[id];

/**
 * Renders the job and sends it to these nodes; the commands' ids are heartbeated before anything else is done. URLs are sealed to the key of each node:
 * SSM keeps commands for 30 days and shows them to everyone who may list them. A node whose key is not known starts its job and reports it.
 */
export async function dispatch(
  deps: ActivityDeps,
  attempt: Attempt,
  input: RunOnNodesInput,
  progress: Progress,
  ids: string[],
): Promise<void> {
  if (ids.length === 0) return;
  const wantsUrls = Object.keys(input.presign).length > 0;
  const sealTo = (id: string): string | undefined => (wantsUrls ? keyOf(input, progress, id) : undefined);
  const sealed = ids.filter((id) => sealTo(id) !== undefined);
  // What fetches or stores secrets goes to the cluster's own instances only, whatever the workflow names.
  if (sealed.length > 0) await requireOwn(deps, input, sealed);
  const plain = ids.filter((id) => !sealed.includes(id));
  const commands: [string[], string][] = plain.length === 0 ? [] : [[plain, render(input)]];
  for (const id of sealed) {
    const urls = await presign(deps, input);
    commands.push([[id], render(input, { to: sealTo(id) ?? '', urls })]);
  }
  for (const [targets, text] of commands) {
    const sent = await send(deps.clients.ssm(input.region), targets, input.jobId, text, input.timeoutSeconds);
    for (const id of targets) {
      progress.sent[id] = sent[id] ?? '';
      progress.sends[id] = (progress.sends[id] ?? 0) + 1;
    }
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
  { jobId, lock, script, params, presign: wanted, timeoutSeconds }: RunOnNodesInput,
  secret?: { to: string; urls: Record<string, SignedUrl> },
): string {
  try {
    return renderCommand({
      jobId,
      script,
      params,
      urls: Object.keys(wanted),
      ...(secret && { sealed: seal(secret.to, jobId, urlLines(secret.urls)) }),
      timeoutSeconds,
      ...(lock === undefined ? {} : { lock }),
    });
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
async function presign(deps: ActivityDeps, input: RunOnNodesInput): Promise<Record<string, SignedUrl>> {
  const urls = Object.entries(input.presign).map(async ([name, { method, key, of, cluster = input.cluster }]) => {
    const prefix = of === 'backups' ? backupPrefix(cluster) : bucketPrefix(input.cluster);
    return [name, await deps.bucket.presign(method, prefix + key, URL_SECONDS)] as const;
  });
  return Object.fromEntries(await Promise.all(urls));
}
