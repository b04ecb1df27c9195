import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttribute } from '../config/search-attributes.js';
import type { Watches } from '../worker/keep-watches.js';
import { type createMessenger, WATCH_PREFIX } from './messenger.js';

const REGION: SearchAttribute = 'K3sRegion';

/** Which regions are watched and which should be, as Temporal's visibility store tells: it is asked for names, never a workflow. */
export function createWatches(client: Client, { ensureWatch }: ReturnType<typeof createMessenger>): Watches {
  return {
    ensureWatch,
    watchedRegions: async () => {
      const regions: string[] = [];
      const query = "WorkflowType = 'region-watch' AND ExecutionStatus = 'Running'";
      for await (const { workflowId } of client.workflow.list({ query }))
        regions.push(workflowId.slice(WATCH_PREFIX.length));
      return regions;
    },
    regionBesides: async (regions) => {
      const clauses = [
        "WorkflowType = 'cluster' AND ExecutionStatus = 'Running'",
        // One that is being made asks for the watch itself, when it is done.
        "K3sPhase IN ('Running', 'Failed')",
        ...(regions.length === 0
          ? []
          : [`${REGION} NOT IN (${regions.map((one) => `'${one.replaceAll(/['\\]/g, '')}'`).join(', ')})`]),
      ];
      for await (const one of client.workflow.list({ query: clauses.join(' AND '), pageSize: 1 }))
        return one.typedSearchAttributes.get(defineSearchAttributeKey(REGION, 'KEYWORD')) ?? null;
      return null;
    },
  };
}
