import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Messenger } from '../activities/watch/messenger.js';
import { CLUSTER_PREFIX, workflowIdOf } from '../model/execution.js';

/** Of the workflow that watches a region. */
export const WATCH_PREFIX = 'region-watch/';

/** Speaks to workflows through Temporal: what is said is kept there until it is heard, whatever becomes of this process. */
export function createMessenger(client: Client, taskQueue: string): Messenger {
  const tell = async (cluster: string, payload: object): Promise<'told' | 'absent'> => {
    try {
      await client.workflow.getHandle(workflowIdOf(cluster)).signal('look', payload);
      return 'told';
    } catch (error) {
      // Deleted meanwhile, or an orphan: `keelson orphans` tells of those.
      if (error instanceof WorkflowNotFoundError) return 'absent';
      throw error;
    }
  };
  return {
    look: (cluster, reason, sight, report) => tell(cluster, { reason, sight, ...(report !== undefined && { report }) }),
    report: (cluster, report) => tell(cluster, { reason: 'what the region watch can see has changed', report }),
    observing: async (region, at) => {
      await client.workflow.getHandle(WATCH_PREFIX + region).signal('observing', at);
    },
    ensureWatch: async (region) => {
      await client.workflow.signalWithStart('region-watch', {
        workflowId: WATCH_PREFIX + region,
        taskQueue,
        args: [{ region }],
        signal: 'wanted',
        staticSummary: `Watches ${region} for its clusters`,
      });
    },
    openClusters: async (region) => {
      const query = `WorkflowType = 'cluster' AND ExecutionStatus = 'Running' AND K3sRegion = '${region.replaceAll(/['\\]/g, '')}'`;
      const names: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query }))
        names.push(workflowId.slice(CLUSTER_PREFIX.length));
      return names;
    },
  };
}
