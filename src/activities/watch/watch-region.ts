import { messageOf } from '../../aws/error-code.js';
import { toFailure } from '../../aws/failure.js';
import { nextInterval, SHORTEST_MS } from '../../model/watch/cadence.js';
import type { WatchInput, WatchResult } from '../api.js';
import type { Attempt } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { lookAtRegion } from './look-at-region.js';
import { Pictures } from './pictures.js';
import { Pulse } from './pulse.js';
import { tellChanges } from './tell.js';

/** After this the workflow asks anew: a history with one activity an hour stays small for weeks. */
const LASTS_MS = 60 * 60 * 1_000;
/** Rounds in a row without any instance, before Temporal is asked whether a cluster is left. */
const EMPTY_ROUNDS = 3;
/** Between two looks whether it is time for the next pulse. */
const TICK_MS = 5_000;

/**
 * Looks at all managed instances of a region, round after round, and tells each cluster whose picture has changed. Whatever AWS
 * answers, it goes on: a region that cannot be seen is looked at again a little later.
 *
 * @returns after an hour, or when no cluster of the region is left
 */
export async function watchRegion(deps: ActivityDeps, attempt: Attempt, input: WatchInput): Promise<WatchResult> {
  const pulse = new Pulse(deps.clients.ssm(input.region), attempt.sleep);
  const hour = { over: false };
  void keepPulse(attempt, pulse, hour);
  try {
    return await goRounds(deps, attempt, input, pulse);
  } finally {
    hour.over = true;
  }
}

async function goRounds(
  deps: ActivityDeps,
  attempt: Attempt,
  { region, pictures: carried }: WatchInput,
  pulse: Pulse,
): Promise<WatchResult> {
  const { clients, messenger } = deps;
  const pictures = new Pictures(attempt.resumed ?? carried);
  const until = attempt.since + LASTS_MS;
  let interval = SHORTEST_MS;
  let empty = 0;
  do {
    const began = Date.now();
    const effort = { calls: 1, ms: 0, throttled: false };
    try {
      const sight = await lookAtRegion(clients, region, pulse.unwell, attempt.signal);
      effort.calls = sight.calls;
      const told = await tellChanges(attempt, messenger, sight, () => messenger.openClusters(region), pictures);
      attempt.heartbeat(pictures.pack());
      empty = sight.instances === 0 ? empty + 1 : 0;
      // A cluster may be there without instances: it is being made, or has lost them all.
      if (empty >= EMPTY_ROUNDS && (await messenger.openClusters(region)).length === 0)
        return { ended: 'empty', pictures: pictures.pack() };
      const { instances, calls } = sight;
      attempt.log.debug('looked at the region', { instances, calls, told, ms: Date.now() - began });
    } catch (error) {
      if (attempt.signal.aborted) throw attempt.signal.reason;
      const failure = toFailure(error, `look at ${region}`);
      // Also what is not throttled is asked less often, until it answers again.
      effort.throttled = true;
      attempt.log.warn('the region could not be seen', { class: failure.type, error: failure.message });
    }
    effort.ms = Date.now() - began;
    interval = nextInterval(interval, effort);
    await attempt.sleep(Math.max(1_000, interval - effort.ms));
  } while (Date.now() < until);
  return { ended: 'time', pictures: pictures.pack() };
}

/** Beside the rounds, which do not wait for servers to answer. */
async function keepPulse(attempt: Attempt, pulse: Pulse, hour: { over: boolean }): Promise<void> {
  while (!hour.over) {
    try {
      await attempt.sleep(TICK_MS);
      if (!hour.over) await pulse.ask();
    } catch (error) {
      if (attempt.signal.aborted) return;
      attempt.log.warn('the servers could not be asked for their K3s', { error: messageOf(error) });
    }
  }
}
