import { watchId } from '../../model/watch/place.js';
import { type Io, say } from '../io.js';
import { age } from '../views/time.js';

/** A worker answers within milliseconds. [docs/reference/benchmarks.md] */
const NOTICE_MS = 3_000;

const START_WORKER =
  '  -> start a worker (npm run worker, or npm run local); one that runs says in its log what keeps it';

/** Returns whether the answer comes before a person wonders. Rejections count as answers. */
export async function answeredSoon(answer: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), NOTICE_MS);
  });
  const soon = answer.then(
    () => true,
    () => true,
  );
  return await Promise.race([soon, late]).finally(() => clearTimeout(timer));
}

/**
 * Reports first the cause of everything else.
 *
 * @param lastPoll when a worker has last asked for work, in milliseconds since 1970; Temporal forgets it after five minutes
 */
export function sayNoAnswer(io: Io, taskQueue: string, lastPoll: number | null): void {
  const seen =
    lastPoll === null
      ? 'none has polled it for five minutes'
      : `the last poll was ${age(new Date(lastPoll).toISOString())} ago`;
  say(
    io,
    `no worker answers on task queue ${taskQueue} (${seen}): nothing looks after the clusters now\n${START_WORKER}`,
  );
}

/** Without its watch Keelson notices losses in a region hours later. [model/watch/cadence.ts] */
export function sayUnwatched(io: Io, region: string, account: string | null): void {
  say(
    io,
    `the workflow ${watchId(region, account)} does not run: lost and unhealthy nodes in ${region} are noticed late\n  -> restart the worker, which starts it; its log says why it could not`,
  );
}
