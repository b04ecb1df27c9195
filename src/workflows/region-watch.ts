import {
  ActivityCancellationType,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/api.js';
import { wantedSignal } from './messages.js';

/** Between heartbeats, and thus from a worker's end to the next round elsewhere; see WATCH_BEAT_MS. */
const HEARTBEAT = '60s';

const { watchRegion } = proxyActivities<Activities>({
  startToCloseTimeout: '3h',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
  cancellationType: ActivityCancellationType.TRY_CANCEL,
});

/** After what no repetition mends by itself, e.g. a worker without permission. */
const AFTER_FAILURE = '5m';

export interface RegionWatchInput {
  region: string;
  /** Carried over continue-as-new. */
  pictures?: string;
}

/**
 * Watches one region for all of its clusters: an activity an hour, which tells those whose picture has changed. Started by the first
 * cluster, ends after the last; one that comes while it ends sends `wanted`, and a workflow with an unheard signal does not end.
 */
export async function regionWatch({ region, pictures }: RegionWatchInput): Promise<void> {
  let wanted = 0;
  setHandler(
    wantedSignal,
    () => {
      wanted += 1;
    },
    { description: 'A cluster of the region is there' },
  );
  let carried = pictures ?? null;
  for (;;) {
    const before = wanted;
    try {
      const scope = { region, operation: 'watch', traceId: workflowInfo().runId.replaceAll('-', '') };
      const result = await watchRegion({ ...scope, pictures: carried });
      carried = result.pictures;
      if (result.ended === 'empty' && wanted === before) break;
      setCurrentDetails(`Watches **${region}** for its clusters.`);
    } catch (error) {
      if (isCancellation(error)) throw error;
      setCurrentDetails(`**${region} is not watched**: ${error instanceof Error ? error.message : String(error)}`);
      await sleep(AFTER_FAILURE, { summary: 'the watch has failed; it is tried again' });
    }
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof regionWatch>({ region, ...(carried === null ? {} : { pictures: carried }) });
    }
  }
}
