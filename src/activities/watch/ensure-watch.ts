import { BatchLoader } from '../../aws/batch-loader.js';
import { placeText, type WatchPlace } from '../../model/watch/place.js';
import type { CallContext } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { sharedAnswer } from '../shared-answer.js';
import type { WorkflowNotifier } from './workflow-notifier.js';

/** Least time between two messages to one watch. Each costs its history five events, and Temporal takes 10,000 signals a history. */
const TICK_MS = 2_000;

/** Nothing is answered. */
type Asks = BatchLoader<never>;
const asks = new WeakMap<WorkflowNotifier, Asks>();

/**
 * Makes sure that the region has a watch. A second start, or one while it runs, changes nothing. Clusters that ask within two seconds share a message, which is
 * sent after the last of them has asked: a watch that ends meanwhile reads it.
 */
export async function ensureWatch(
  { workflowNotifier }: ActivityDeps,
  attempt: ActivityContext,
  { region, account }: CallContext,
): Promise<void> {
  const place: WatchPlace = { region, ...(account !== undefined && { account }) };
  const shared = asks.get(workflowNotifier) ?? asksTo(workflowNotifier);
  asks.set(workflowNotifier, shared);
  await sharedAnswer(attempt, `start the watch of ${placeText(place)}`, shared.next(JSON.stringify(place)));
}

/** One place a call, so that a role which AWS refuses fails no other. */
const asksTo = (notifier: WorkflowNotifier): Asks =>
  new BatchLoader({
    read: async (places) => {
      // Written by JSON.stringify above, from a value of that type.
      for (const place of places) await notifier.ensureWatch(JSON.parse(place) as WatchPlace);
      return new Map<string, never>();
    },
    chunk: 1,
    tick: TICK_MS,
  });
