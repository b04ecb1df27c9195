import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { WorkflowNotifier } from '../activities/watch/workflow-notifier.js';
import type { AccountRole } from '../model/account-role.js';
import { CLUSTER_PREFIX, workflowIdOf } from '../model/execution.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import { placeText, type WatchPlace, watchIdOf } from '../model/watch/place.js';
import { clustersIn, LIST_PAGE, quoted } from './clusters-in.js';

/** Places of clusters, from their documents. */
export interface Places {
  placeOf(cluster: string): Promise<WatchPlace>;
  /** Returns the role by which a cluster of the region is reached in that account; null where no cluster is. */
  roleIn(accountId: string, region: string): Promise<AccountRole | null>;
}

/** Sends messages to workflows through Temporal, which keeps them until they are read, whatever happens to this process. */
export function createWorkflowNotifier(client: Client, taskQueue: string): WorkflowNotifier & Places {
  const tell = async (cluster: string, payload: object): Promise<'told' | 'absent'> => {
    try {
      await client.workflow.getHandle(workflowIdOf(cluster)).signal('reconcile', payload);
      return 'told';
    } catch (error) {
      // Deleted meanwhile, or an orphan: `keelson orphans` lists those.
      if (error instanceof WorkflowNotFoundError) return 'absent';
      throw error;
    }
  };
  /** Only the document contains the role and its external id. */
  const placeOf = async (cluster: string): Promise<WatchPlace> => {
    const { spec } = await client.workflow.getHandle(workflowIdOf(cluster)).query<ClusterDocument>('document');
    return { region: spec.region, ...(spec.account !== undefined && { account: spec.account }) };
  };
  return {
    reconcile: (cluster, reason, regionReport, report) =>
      tell(cluster, { reason, regionReport, ...(report !== undefined && { report }) }),
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
      for await (const { workflowId } of client.workflow.list({ query: clustersIn(place), pageSize: LIST_PAGE }))
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
