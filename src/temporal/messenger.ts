import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Messenger } from '../activities/watch/messenger.js';
import { CLUSTER_PREFIX } from './apply.js';

/** Speaks to workflows through Temporal: what is said is kept there until it is heard, whatever becomes of this process. */
export function createMessenger(client: Client, taskQueue: string): Messenger {
  return {
    look: async (cluster, reason, sight) => {
      try {
        await client.workflow.getHandle(CLUSTER_PREFIX + cluster).signal('look', { reason, sight });
        return 'told';
      } catch (error) {
        // Deleted meanwhile, or an orphan: `keelson orphans` tells of those.
        if (error instanceof WorkflowNotFoundError) return 'absent';
        throw error;
      }
    },
    ensureWatch: async (region) => {
      await client.workflow.signalWithStart('region-watch', {
        workflowId: `region-watch/${region}`,
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
