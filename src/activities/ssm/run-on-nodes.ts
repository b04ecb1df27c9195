import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { detailOf } from '../../aws/failure.js';
import type { Trouble } from '../../model/retry.js';
import { parseJobOutput } from '../../node-scripts/render.js';
import { reportedKey } from '../../node-scripts/seal.js';
import type { JobResult, RunOnNodesInput } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { retryTransient } from '../retry-transient.js';
import { agentWatch } from './agent-watch.js';
import { cancel, type Invocation, look } from './commands.js';
import { dispatch, findEarlier, keyOf, type Progress } from './dispatch.js';
import { downWatch } from './down-watch.js';
import { interrupted, jobResult, keyChanged, undelivered } from './job-result.js';
import { lostBecause, newWatch, type Watch } from './lost-command.js';

/** How often a command that may not have run is sent in all; the job id makes them one on the node. */
const SENDS = 3;
/** Pauses between two polls are this share of the time that has passed, within these bounds: an end is noticed late by half of a pause, once a job. */
const PAUSE_SHARE = 0.015;
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 1_000;
/**
 * From a send to the first look, twice the shortest pause: before that SSM often does not know the command yet, and no job has ended. [aws-sdk-ruby#2556; boto3#2701: half a
 * second to one]
 */
const FIRST_PAUSE_MS = 2 * SHORTEST_PAUSE_MS;
/** What SSM says of a command that a list of those that run names. */
const RUNNING: Invocation = { status: 'running', word: 'InProgress', exitCode: null, stdout: '', stderr: '' };
/** How often a running job gets new URLs: the old ones are about to expire. */
const RENEW_MS = 100_000;

/**
 * Runs a script on nodes, on each at most once, whatever happens to this worker. It heartbeats the command's id as soon as it knows it; a
 * later attempt continues with that command, or finds it by its Comment; and if it has to send a command again, the runner on the node
 * attaches to the job of the same id.
 *
 * @returns one result per instance, in the order of the input; also for scripts that failed
 * @throws CancelledFailure when cancelled; it then cancels the commands, if the workflow asked for it
 */
export async function runOnNodes(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: RunOnNodesInput,
): Promise<JobResult[]> {
  const ssm = deps.clients.ssm(input.region);
  const progress = (attempt.resumed as Progress | undefined) ?? { sent: {}, sends: {} };
  const results = new Map<string, JobResult>();
  const { running } = deps.readers(input.region);
  const awaited = new Set<string>();
  const lookAt = async (id: string): Promise<Invocation> => {
    const commandId = progress.sent[id] ?? '';
    awaited.add(commandId);
    running.waits(commandId);
    return (await running.includes(commandId, id)) ? RUNNING : look(ssm, id, commandId);
  };
  const open = (): string[] => input.instanceIds.filter((id) => !results.has(id));
  const lookForDown = downWatch(deps, attempt, input.region);
  /** Those that were taken down before their command was sent have their result, and the others get it. */
  const sendTo = async (ids: string[]): Promise<void> => {
    try {
      await dispatch(deps, attempt, input, progress, ids);
    } catch (error) {
      if (!isUnknownToSsm(error)) throw error;
      const down = await lookForDown(ids, 'at once');
      if (down.size === 0) throw error;
      for (const [id, why] of down) results.set(id, interrupted(id, why));
      await sendTo(ids.filter((id) => !down.has(id)));
    }
  };
  try {
    if (attempt.number > 1) await findEarlier(deps, attempt, input, progress);
    const unsent = input.instanceIds.filter((id) => progress.sent[id] === undefined);
    await sendTo(unsent);
    const poll = retryTransient(attempt, `job ${input.jobId}`);
    const agents = agentWatch(deps, input.region);
    // Waits go by a clock that no one sets.
    const watches = new Map<string, Watch>();
    const watchOf = (id: string): Watch => {
      const watch = watches.get(id) ?? newWatch(performance.now());
      watches.set(id, watch);
      return watch;
    };
    const keyRounds = new Map<string, number>();
    const since = performance.now();
    let isSent = unsent.length > 0;
    while (open().length > 0) {
      attempt.tell(jobTold(input, attempt, open()));
      const share = (performance.now() - since) * PAUSE_SHARE;
      const least = isSent ? FIRST_PAUSE_MS : SHORTEST_PAUSE_MS;
      await attempt.sleep(Math.min(LONGEST_PAUSE_MS, Math.max(least, share)));
      const ids = open();
      const seen = await poll(() => Promise.all(ids.map(lookAt)));
      agents.ask(ids);
      const again: string[] = [];
      const withUrls: string[] = [];
      for (const [index, id] of ids.entries()) {
        const invocation = seen[index];
        if (invocation === undefined) continue;
        const { timeoutSeconds } = input;
        const report = parseJobOutput(invocation.stdout);
        const hasReport = report?.jobId === input.jobId;
        const key = hasReport ? null : reportedKey(invocation.stdout, input.jobId);
        if (key !== null && invocation.status === 'ended') {
          const known = keyOf(input, progress, id);
          const rounds = (keyRounds.get(id) ?? 0) + 1;
          keyRounds.set(id, rounds);
          if ((known !== undefined && known !== key) || rounds > SENDS) results.set(id, keyChanged(id));
          else {
            if (known === undefined) progress.keys = { ...progress.keys, [id]: key };
            withUrls.push(id);
          }
          continue;
        }
        const lost = lostBecause(watchOf(id), invocation, hasReport, agents.of(id), timeoutSeconds, performance.now());
        const mayAgain = (progress.sends[id] ?? 1) < SENDS;
        if (lost !== null && mayAgain) {
          noteLoss(progress, id, lost, performance.now() - watchOf(id).sentAt);
          again.push(id);
        } else if (invocation.status === 'ended' || invocation.status === 'timed-out') {
          results.set(id, jobResult(id, input.jobId, invocation));
        } else if (lost !== null && invocation.status !== 'running') {
          results.set(id, undelivered(id, invocation));
        } else if (invocation.status === 'running' && urlsGrowOld(input, watchOf(id), since)) {
          withUrls.push(id);
        }
      }
      for (const [id, why] of await lookForDown(open())) results.set(id, interrupted(id, why));
      const bring = withUrls.filter((id) => !results.has(id));
      // Part of one send: it attaches to the running job.
      for (const id of bring) progress.sends[id] = (progress.sends[id] ?? 1) - 1;
      await sendTo(bring);
      for (const id of bring) watches.set(id, newWatch(performance.now()));
      const resend = again.filter((id) => !results.has(id));
      await sendTo(resend);
      isSent = bring.length + resend.length > 0;
      for (const id of resend.filter((one) => !results.has(one))) {
        watches.set(id, newWatch(performance.now()));
        completeNote(progress, id);
        attempt.log.warn(progress.notes?.[id]?.at(-1) ?? '', { instanceId: id, jobId: input.jobId });
      }
    }
  } catch (error) {
    // A worker that shuts down leaves the commands to the next one.
    if (error instanceof CancelledFailure && attempt.wasCancelled())
      await cancel(
        ssm,
        open().flatMap((id) => progress.sent[id] ?? []),
      );
    throw error;
  } finally {
    for (const commandId of awaited) running.ended(commandId);
  }
  return input.instanceIds.flatMap((id) => {
    const result = results.get(id);
    const notes = progress.notes?.[id];
    const key = progress.keys?.[id];
    return result === undefined ? [] : [{ ...result, ...(notes && { notes }), ...(key && { key }) }];
  });
}

/** Returns whether SSM has refused a command because it knows no such instance: it has ended, is stopped, or has not registered. [docs: SSM SendCommand, InvalidInstanceId] */
const isUnknownToSsm = (error: unknown): boolean =>
  error instanceof ApplicationFailure && detailOf(error).code === 'InvalidInstanceId';

/** Returns what people see of a running job: that it runs, where, and how long at most. It reports nothing else before its end. */
const jobTold = (
  { script, timeoutSeconds }: RunOnNodesInput,
  { since }: ActivityContext,
  ids: readonly string[],
): Trouble => ({
  code: 'NodeScriptTimedOut',
  class: 'node-script',
  message: `the script ${script} runs on ${ids.join(', ')}, for ${timeoutSeconds} s at most`,
  hint: 'see what it waits for in its log',
  failures: 0,
  since: new Date(since).toISOString(),
  nextAt: null,
});

/** A command that stays silent beyond the job's time is lost, without another send. */
function urlsGrowOld(input: RunOnNodesInput, watch: Watch, since: number): boolean {
  if (Object.keys(input.presign).length === 0) return false;
  const now = performance.now();
  return now - watch.sentAt >= RENEW_MS && now - since < input.timeoutSeconds * 1_000;
}

/** Reported in the job's result: which command was lost, why, and after how long. */
function noteLoss(progress: Progress, id: string, why: string, ms: number): void {
  const note = `SSM lost command ${progress.sent[id]} after ${Math.round(ms / 1_000)} s (${why})`;
  progress.notes = { ...progress.notes, [id]: [...(progress.notes?.[id] ?? []), note] };
}

function completeNote(progress: Progress, id: string): void {
  const notes = progress.notes?.[id] ?? [];
  const last = `${notes.at(-1)}; sent again as ${progress.sent[id]} (job unchanged)`;
  progress.notes = { ...progress.notes, [id]: [...notes.slice(0, -1), last] };
}
