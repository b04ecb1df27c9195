import type { Retry } from '../../model/retry.js';
import type { StatusView } from '../../model/status.js';
import type { Clusters } from '../clusters/clusters.js';
import { isUnanswered, toCliError } from '../errors.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import type { Session } from '../session.js';
import { age } from '../views/time.js';
import { createStatusReader } from '../wait/stored-status.js';
import { lastMeasured, unmeasured } from './unmeasured.js';
import { answeredSoon, sayNoAnswer, sayUnwatched } from './worker.js';

/**
 * When a worker was killed, another one answers after 5 s: until then Temporal tries the task queue of the dead one. [Temporal: sticky
 * execution]
 */
const PATIENCE_MS = 10_000;
/** A poll takes up to a minute; without one for so long no worker runs. [Temporal server: matching.longPollExpirationInterval] */
const POLL_MS = 90_000;

export interface FetchedStatus {
  status: StatusView;
  /** When the nodes were last observed, if no worker has answered: then the status is the bucket's copy, in which nothing is measured. */
  staleSince: string | null;
  /** Activities that Temporal retries for the cluster. */
  retries: Retry[];
}

/**
 * Returns a cluster's status from its workflow, or the bucket's copy if no worker answers. In that case stderr names the cause and a hint
 * within seconds, before the status.
 *
 * @throws CliError `missing` when there is no such cluster, `unreachable` when there is no copy either
 */
export async function fetchStatus(session: Session, name: string): Promise<FetchedStatus> {
  const clusters = await session.clusters();
  await clusters.requireOpen(name);
  const answer = outcomeOf(clusters.status(name, PATIENCE_MS));
  let isKnownAbsent = false;
  if (!(await answeredSoon(answer))) {
    const last = await clusters.lastPoll();
    sayNoAnswer(session.io, clusters.taskQueue, last);
    isKnownAbsent = last === null || Date.now() - last > POLL_MS;
  }
  const outcome = isKnownAbsent ? null : await answer;
  if (outcome === null) return await storedStatus(session, clusters, name);
  if ('status' in outcome) {
    await sayIfUnwatched(session, clusters, outcome.status);
    return { status: outcome.status, staleSince: null, retries: await clusters.retries(name) };
  }
  if (!isUnanswered(outcome.error)) throw outcome.error;
  return await storedStatus(session, clusters, name);
}

/** Returns the end of a command that has shown an unmeasured status; the cause is on stderr by then. */
export const unattended = (): CliError => new CliError(EXIT.unreachable, '');

type Outcome = { status: StatusView } | { error: unknown };

const outcomeOf = (answer: Promise<StatusView>): Promise<Outcome> =>
  answer.then(
    (status) => ({ status }),
    (error: unknown) => ({ error }),
  );

async function storedStatus(session: Session, clusters: Clusters, name: string): Promise<FetchedStatus> {
  const without = (why: string, cause?: unknown): CliError =>
    new CliError(
      EXIT.unreachable,
      `no worker answers on task queue ${clusters.taskQueue}, and ${why}`,
      'start a worker (npm run worker, or npm run local)',
      { cause },
    );
  const stored = await createStatusReader(session.bucket)(name).catch((error: unknown) => {
    throw without(`status.yaml of ${name} cannot be read: ${toCliError(error).message}`, error);
  });
  if (stored === null) throw without(`the bucket has no status.yaml of ${name}`);
  const staleSince = lastMeasured(stored);
  say(
    session.io,
    `shown is status.yaml of the bucket: ${name} was last observed ${age(staleSince)} ago (${staleSince}), and nothing of it is measured now`,
  );
  return { status: unmeasured(stored), staleSince, retries: [] };
}

/** For a cluster at rest: the steps of an operation observe it themselves. */
async function sayIfUnwatched({ io }: Session, clusters: Clusters, status: StatusView): Promise<void> {
  const isWatchedOver = status.desiredState === 'running' && status.operation === null && status.nodes.length > 0;
  if (isWatchedOver && !(await clusters.isRegionWatched(status.region, status.account)))
    sayUnwatched(io, status.region, status.account);
}
