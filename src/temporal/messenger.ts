import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { Messenger } from '../activities/watch/messenger.js';
import type { AccountRole } from '../model/account-role.js';
import { CLUSTER_PREFIX, workflowIdOf } from '../model/execution.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import { placeText, type WatchPlace, watchIdOf } from '../model/watch/place.js';
import { clustersIn, quoted } from './clusters-in.js';

/** Where clusters are, as their documents say. */
export interface Places {
  placeOf(cluster: string): Promise<WatchPlace>;
  /** The role by which a cluster of the region is reached in that account; null where no cluster is. */
  roleIn(accountId: string, region: string): Promise<AccountRole | null>;
}

/** Speaks to workflows through Temporal: what is said is kept there until it is heard, whatever becomes of this process. */
export function createMessenger(client: Client, taskQueue: string): Messenger & Places {
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
  /** The role and its external id stand in the document alone. */
  const placeOf = async (cluster: string): Promise<WatchPlace> => {
    const { spec } = await client.workflow.getHandle(workflowIdOf(cluster)).query<ClusterDocument>('document');
    return { region: spec.region, ...(spec.account !== undefined && { account: spec.account }) };
  };
  return {
    look: (cluster, reason, sight, report) => tell(cluster, { reason, sight, ...(report !== undefined && { report }) }),
    report: (cluster, report) => tell(cluster, { reason: 'what the region watch can see has changed', report }),
    observing: async (place, at) => {
      await client.workflow.getHandle(watchIdOf(place)).signal('observing', at);
    },
    ensureWatch: async (place) => {
      const { region, account } = place;
      await client.workflow.signalWithStart<Workflow, AccountRole[]>('region-watch', {
        workflowId: watchIdOf(place),
        taskQueue,
        args: [{ region, ...(account !== undefined && { account }) }],
        signal: 'wanted',
        signalArgs: account === undefined ? [] : [account],
        staticSummary: `Watches ${placeText(place)} for its clusters`,
      });
    },
    openClusters: async (place) => {
      const names: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query: clustersIn(place) }))
        names.push(workflowId.slice(CLUSTER_PREFIX.length));
      return names;
    },
    placeOf,
    roleIn: async (accountId, region) => {
      const query = `WorkflowType = 'cluster' AND ExecutionStatus = 'Running' AND K3sRegion = ${quoted(region)} AND K3sAccount = ${quoted(accountId)}`;
      for await (const { workflowId } of client.workflow.list({ query, pageSize: 1 }))
        return (await placeOf(workflowId.slice(CLUSTER_PREFIX.length))).account ?? null;
      return null;
    },
  };
}
