import { messageOf } from '../../aws/error-code.js';
import { failure } from '../../aws/failure.js';
import { backupPrefix } from '../../model/backup/keys.js';
import { bucketPrefix } from '../../model/bucket.js';
import { renderCommand } from '../../node-scripts/render.js';
import { type SignedUrl, seal, urlLines } from '../../node-scripts/seal.js';
import type { RunOnNodesInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { requireOwnTogether } from '../ec2/proof.js';
import { retryTransient } from '../retry-transient.js';
import { DELIVERY_SECONDS, findSent, send } from './commands.js';

/** A presigned URL lives until its command must have been delivered, and a little longer. A running job gets newer ones. */
const URL_SECONDS = DELIVERY_SECONDS + 60;
/** Clocks of SSM and of the worker may differ. */
const CLOCK_SLACK_MS = 60_000;

/** Content of a heartbeat: enough for another worker to continue with the same commands. No URL, no text. */
export interface Progress {
  /** Command by instance. */
  sent: Record<string, string>;
  /** How often the worker sent the job, by instance. */
  sends: Record<string, number>;
  /** Commands that SSM has lost, in words, by instance. */
  notes?: Record<string, string[]>;
  /** Public keys that nodes have reported for this job, by instance. */
  keys?: Record<string, string>;
}

/** Returns the key to seal the node's URLs to; undefined while it is unknown. */
export const keyOf = (input: RunOnNodesInput, progress: Progress, id: string): string | undefined =>
  progress.keys?.[id] ?? input.keys?.[id];

/**
 * Renders the job and sends it to these nodes; heartbeats the commands' ids before anything else. URLs are sealed to the key of each node,
 * because SSM keeps commands for 30 days and shows them to everyone who may list them. A node of unknown key starts its job and reports the
 * key.
 */
export async function dispatch(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: RunOnNodesInput,
  progress: Progress,
  ids: string[],
): Promise<void> {
  if (ids.length === 0) return;
  const wantsUrls = Object.keys(input.presign).length > 0;
  const sealTo = (id: string): string | undefined => (wantsUrls ? keyOf(input, progress, id) : undefined);
  const sealed = ids.filter((id) => sealTo(id) !== undefined);
  // A script that fetches or stores secrets runs on the cluster's own instances only, whatever the workflow names.
  if (sealed.length > 0) await requireOwnTogether(deps, input, sealed);
  const plain = ids.filter((id) => !sealed.includes(id));
  const sendTo = async (targets: string[], text: string): Promise<void> => {
    const sent = await send(deps.clients.ssm(input.region), targets, input.jobId, text, input.timeoutSeconds);
    for (const id of targets) {
      progress.sent[id] = sent[id] ?? '';
      progress.sends[id] = (progress.sends[id] ?? 0) + 1;
    }
  };
  // The text is made when its turn has come.
  await deps.sends(input.region).through(async () => {
    if (plain.length > 0) await sendTo(plain, render(input));
    for (const id of sealed) {
      const urls = await presign(deps, input);
      await sendTo([id], render(input, { to: sealTo(id) ?? '', urls }));
    }
  });
  attempt.heartbeat(progress);
}

/** Finds, by their Comment, commands of an earlier attempt whose heartbeat was lost with its worker. */
export async function findEarlier(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: RunOnNodesInput,
  progress: Progress,
): Promise<void> {
  const ssm = deps.clients.ssm(input.region);
  const find = retryTransient(attempt, `ListCommandInvocations for ${input.jobId}`);
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

/** A command that cannot be rendered fails each time. The renderer's messages show no values of URLs. */
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
      hint: 'report it as a defect, with the history of the workflow',
      cause: error,
      nonRetryable: true,
    });
  }
}

/** Made just before the worker sends them, so that they live no longer than necessary; they appear nowhere but in the command. */
async function presign(deps: ActivityDeps, input: RunOnNodesInput): Promise<Record<string, SignedUrl>> {
  const urls = Object.entries(input.presign).map(async ([name, { method, key, of, part, cluster = input.cluster }]) => {
    const prefix = of === 'backups' ? backupPrefix(cluster) : bucketPrefix(input.cluster);
    const url =
      part === undefined
        ? await deps.bucket.presign(method, prefix + key, URL_SECONDS)
        : await deps.bucket.uploads.presign(prefix + key, part.upload, part.number, URL_SECONDS);
    return [name, url] as const;
  });
  return Object.fromEntries(await Promise.all(urls));
}
