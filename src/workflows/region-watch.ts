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
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities, RegionScope } from '../activities/api.js';
import { type AccountRole, accountKey } from '../model/account-role.js';
import { placeText, type WatchPlace } from '../model/watch/place.js';
import { type WatchSummary, watchDetails } from '../model/watch/summary.js';
import { observingSignal, wantedSignal } from './cluster/messages.js';
import { answerCallStack } from './lib/call-stack.js';
import { elapse, take } from './lib/result-time.js';
import { createLease } from './watch-lease.js';

const { watchRegion } = proxyActivities<Activities>({
  startToCloseTimeout: '3h',
  // From the end of a worker to the next round elsewhere; three times WATCH_BEAT_MS.
  heartbeatTimeout: '24s',
  // No worker has taken it: this workflow has to know that, not only the queue.
  scheduleToStartTimeout: '10s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5s', maximumAttempts: 3 },
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

export interface RegionWatchInput {
  region: string;
  /** Role to assume in the watched account; absent in the worker's own. */
  account?: AccountRole;
  /** Carried over continue-as-new. */
  digests?: string;
  told?: string | null;
}

/**
 * Watches one region for all of its clusters: an activity an hour, which notifies the clusters whose snapshot has changed. The first
 * cluster starts it and it ends after the last; one that comes while it ends sends `wanted`, and a workflow with an unread signal does not
 * end. The workflow restarts an activity that does not run, or does not observe, at once, and notifies the clusters if it does not observe
 * for long.
 */
export async function regionWatch(input: RegionWatchInput): Promise<void> {
  answerCallStack(() => [
    'It waits for its activity, which observes the region: see Pending Activities and User Metadata.',
  ]);
  const { region } = input;
  let { account } = input;
  let wanted = 0;
  let underWay: CancellationScope | null = null;
  setHandler(
    wantedSignal,
    (given?: AccountRole) => {
      wanted += 1;
      // The role of the document has changed: AWS may refuse the old one by now.
      if (given === undefined || accountKey(given) === accountKey(account)) return;
      account = given;
      underWay?.cancel();
    },
    { description: 'A cluster of the region is there' },
  );
  const place = (): WatchPlace => ({ region, ...(account !== undefined && { account }) });
  const traceId = workflowInfo().runId.replaceAll('-', '');
  const scope = (): RegionScope => ({ ...place(), operation: 'watch', traceId });
  let saw: WatchSummary | null = null;
  const show = (): void => setCurrentDetails(watchDetails(placeText(place()), saw));
  const lease = createLease(scope, show);
  show();
  setHandler(observingSignal, lease.renew, { description: 'The watch observes again; sent by its activity' });
  let carried = { digests: input.digests ?? null, told: input.told ?? null };
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    const before = wanted;
    const asked = account;
    const began = Date.now();
    try {
      underWay = new CancellationScope();
      const given = { ...scope(), ...carried, ...(lease.isOut() && { announce: true }) };
      const result = take(await underWay.run(() => watchRegion(given)));
      carried = { digests: result.digests, told: result.told };
      pause = FIRST_PAUSE_MS;
      saw = result.saw ?? null;
      if (result.ended === 'empty' && wanted === before) break;
      show();
    } catch (error) {
      if (isCancellation(error)) {
        if (CancellationScope.current().consideredCancelled || accountKey(account) === accountKey(asked)) throw error;
        carried = { ...carried, told: null };
        continue;
      }
      // This attempt does not know what the clusters were notified of meanwhile: the next one tells them all how it is.
      carried = { ...carried, told: null };
      lease.lose(error);
      if (Date.now() - began > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS;
      await elapse(pause, { summary: 'the region watch has failed; it begins again' });
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
    if (workflowInfo().continueAsNewSuggested) {
      await lease.settled();
      await condition(allHandlersFinished);
      const { digests, told } = carried;
      await continueAsNew<typeof regionWatch>({ ...place(), ...(digests !== null && { digests }), told });
    }
  }
}
