import { CancelledFailure } from '@temporalio/common';
import type { JobResult, RunOnNodesInput } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { tolerant } from '../tolerant.js';
import { cancel, type Invocation, look } from './commands.js';
import { dispatch, findEarlier, type Progress } from './dispatch.js';
import { downWatch } from './down-watch.js';
import { interrupted, jobResult, undelivered } from './job-result.js';

/** A command that may not have run is sent this many times in all; on the node the job id makes them one. */
const SENDS = 3;
/** Pauses between two looks are this share of what has been waited for, within these bounds: short jobs are not kept waiting. */
const PAUSE_SHARE = 0.1;
const SHORTEST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 1_000;
/** A command that SSM does not know for this long is lost. */
const UNKNOWN_PATIENCE_MS = 60_000;

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
  const open = (): string[] => input.instanceIds.filter((id) => !results.has(id));
  try {
    if (attempt.number > 1) await findEarlier(deps, attempt, input, progress);
    const unsent = input.instanceIds.filter((id) => progress.sent[id] === undefined);
    await dispatch(deps, attempt, input, progress, unsent);
    const poll = tolerant(attempt, `job ${input.jobId}`);
    const lookForDown = downWatch(deps, attempt, input.region);
    const knownAt = new Map<string, number>();
    const since = Date.now();
    while (open().length > 0) {
      const share = (Date.now() - since) * PAUSE_SHARE;
      await attempt.sleep(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, share)));
      const ids = open();
      const seen = await poll(() => Promise.all(ids.map((id) => look(ssm, id, progress.sent[id] ?? ''))));
      const again: string[] = [];
      for (const [index, id] of ids.entries()) {
        const result = settle(id, input.jobId, seen[index], progress, knownAt);
        if (result === 'again') again.push(id);
        else if (result !== null) results.set(id, result);
      }
      for (const [id, why] of await lookForDown(open())) results.set(id, interrupted(id, why));
      await dispatch(
        deps,
        attempt,
        input,
        progress,
        again.filter((id) => !results.has(id)),
      );
    }
  } catch (error) {
    // A worker that shuts down leaves the commands to the next one.
    if (error instanceof CancelledFailure && attempt.wasCancelled())
      await cancel(
        ssm,
        open().flatMap((id) => progress.sent[id] ?? []),
      );
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
  knownAt: Map<string, number>,
): JobResult | 'again' | null {
  if (invocation === undefined) return null;
  const { status } = invocation;
  if (status === 'unknown') {
    const since = knownAt.get(id) ?? Date.now();
    knownAt.set(id, since);
    if (Date.now() - since < UNKNOWN_PATIENCE_MS) return null;
  }
  knownAt.delete(id);
  if (status === 'running') return null;
  if (status === 'ended' || status === 'timed-out') return jobResult(id, jobId, invocation);
  return (progress.sends[id] ?? 1) < SENDS ? 'again' : undelivered(id, invocation);
}
