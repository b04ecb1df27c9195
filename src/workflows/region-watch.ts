import {
  ActivityCancellationType,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, RegionScope } from '../activities/api.js';
import { type AccountRole, accountKey } from '../model/account-role.js';
import { placeText, type WatchPlace } from '../model/watch/place.js';
import { observingSignal, wantedSignal } from './messages.js';
import { createLease } from './watch-lease.js';

const { watchRegion } = proxyActivities<Activities>({
  startToCloseTimeout: '3h',
  // From a worker's end to the next round elsewhere; three of WATCH_BEAT_MS.
  heartbeatTimeout: '24s',
  // No worker takes it: that is to be known here, and not only in the queue.
  scheduleToStartTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5s', maximumAttempts: 3 },
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export interface RegionWatchInput {
  region: string;
  /** Role to assume in the account that is watched; absent in the worker's own. */
  account?: AccountRole;
  /** Carried over continue-as-new. */
  pictures?: string;
  told?: string | null;
}

/**
 * Watches one region for all of its clusters: an activity an hour, which tells those whose picture has changed. Started by the first
 * cluster, ends after the last; one that comes while it ends sends `wanted`, and a workflow with an unheard signal does not end. An activity that
 * does not run, or does not observe, is begun again at once; when it does not observe for long, the clusters are told so.
 */
export async function regionWatch(input: RegionWatchInput): Promise<void> {
  const { region } = input;
  let { account } = input;
  let wanted = 0;
  let underWay: CancellationScope | null = null;
  setHandler(
    wantedSignal,
    (given?: AccountRole) => {
      wanted += 1;
      // The role of the document has become another one: what goes on with the old one may be refused by now.
      if (given === undefined || accountKey(given) === accountKey(account)) return;
      account = given;
      underWay?.cancel();
    },
    { description: 'A cluster of the region is there' },
  );
  const place = (): WatchPlace => ({ region, ...(account !== undefined && { account }) });
  const traceId = workflowInfo().runId.replaceAll('-', '');
  const scope = (): RegionScope => ({ ...place(), operation: 'watch', traceId });
  const lease = createLease(scope);
  setHandler(observingSignal, lease.renew, { description: 'The watch observes again; sent by its activity' });
  let carried = { pictures: input.pictures ?? null, told: input.told ?? null };
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const before = wanted;
    const asked = account;
    const began = Date.now();
    try {
      underWay = new CancellationScope();
      const given = { ...scope(), ...carried, ...(lease.isOut() && { announce: true }) };
      const result = await underWay.run(() => watchRegion(given));
      carried = { pictures: result.pictures, told: result.told };
      pause = FIRST_PAUSE_MS;
      if (result.ended === 'empty' && wanted === before) break;
      setCurrentDetails(`Observes **${placeText(place())}** for its clusters.`);
    } catch (error) {
      if (isCancellation(error)) {
        if (CancellationScope.current().consideredCancelled || accountKey(account) === accountKey(asked)) throw error;
        carried = { ...carried, told: null };
        continue;
      }
      // What the clusters were told meanwhile is not known here: the next attempt tells them all how it is.
      carried = { ...carried, told: null };
      lease.lose(error);
      if (Date.now() - began > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS;
      await sleep(pause, { summary: 'the region watch has failed; it begins again' });
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
    if (workflowInfo().continueAsNewSuggested) {
      await lease.settled();
      await condition(allHandlersFinished);
      const { pictures, told } = carried;
      await continueAsNew<typeof regionWatch>({ ...place(), ...(pictures !== null && { pictures }), told });
    }
  }
}
