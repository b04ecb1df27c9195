import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { stateOf, stateReason } from '../ec2/instance-view.js';

const EVERY_MS = 10_000;
const DOWN: ReadonlySet<string> = new Set(['stopping', 'stopped', 'shutting-down', 'terminated']);

/**
 * Asks EC2 once in a while for dead instances, through the shared reader: SSM shows a command on one as InProgress until all of its time
 * has passed [docs: SSM command statuses], and refuses to send one with `InvalidInstanceId`, as to an instance whose agent has not registered yet.
 *
 * @returns a function that says, when a check is due, or at once, and EC2 answers, which instances are down and why
 */
export function downWatch(deps: ActivityDeps, attempt: ActivityContext, region: string) {
  let last = performance.now();
  return async (ids: readonly string[], when: 'due' | 'at once' = 'due'): Promise<Map<string, string>> => {
    const down = new Map<string, string>();
    if (when === 'due' && performance.now() - last < EVERY_MS) return down;
    last = performance.now();
    const looks = ids.map(async (id) => {
      const instance = await deps.readers(region).instance.next(id);
      if (instance !== undefined && DOWN.has(stateOf(instance)))
        down.set(id, `the instance is ${stateOf(instance)}: ${stateReason(instance)}`);
    });
    // Only a second source: if EC2 does not answer, SSM's word counts.
    await Promise.race([Promise.allSettled(looks), attempt.cancelled]);
    return down;
  };
}
