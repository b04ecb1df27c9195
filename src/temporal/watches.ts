import type { Client } from '@temporalio/client';
import { CLUSTER_PREFIX } from '../model/execution.js';
import { WATCH_PREFIX } from '../model/watch/place.js';
import type { UnwatchedCluster, Watched, Watches } from '../worker/keep-watches.js';
import { quoted } from './clusters-in.js';
import type { createWorkflowNotifier } from './workflow-notifier.js';

/**
 * Returns which regions are watched and which should be, from Temporal's visibility store; it asks a workflow only if a watch is missing.
 */
export function createWatches(
  client: Client,
  { ensureWatch, placeOf }: ReturnType<typeof createWorkflowNotifier>,
): Watches {
  return {
    ensureWatch: async ({ cluster }) => {
      const place = await placeOf(cluster);
      await ensureWatch(place);
      return place;
    },
    watched: async () => {
      const watched: Watched[] = [];
      const query = "WorkflowType = 'region-watch' AND ExecutionStatus = 'Running'";
      for await (const { workflowId } of client.workflow.list({ query })) {
        const [region = '', account = null] = workflowId.slice(WATCH_PREFIX.length).split('/');
        watched.push({ region, account });
      }
      return watched;
    },
    clusterBesides: async (watched) => {
      for await (const { workflowId } of client.workflow.list({ query: besides(watched), pageSize: 1 }))
        return { cluster: workflowId.slice(CLUSTER_PREFIX.length) } satisfies UnwatchedCluster;
      return null;
    },
  };
}

/** Clusters in none of these places, in one question: regions of the worker's own account and of others. */
function besides(watched: readonly Watched[]): string {
  const regionsOf = (account: string | null) =>
    watched.flatMap((one) => (one.account === account ? quoted(one.region) : []));
  const outside = (regions: string[]) => (regions.length === 0 ? '' : ` AND K3sRegion NOT IN (${regions.join(', ')})`);
  const accounts = [...new Set(watched.flatMap(({ account }) => account ?? []))];
  const unknown = accounts.length === 0 ? '' : ` AND K3sAccount NOT IN (${accounts.map(quoted).join(', ')})`;
  const places = [
    `(K3sAccount IS NULL${outside(regionsOf(null))})`,
    `(K3sAccount IS NOT NULL${unknown})`,
    ...accounts.map((account) => `(K3sAccount = ${quoted(account)}${outside(regionsOf(account))})`),
  ];
  return [
    "WorkflowType = 'cluster' AND ExecutionStatus = 'Running'",
    // A cluster in creation asks for the watch itself, when it is done.
    "K3sPhase IN ('Running', 'Failed')",
    `(${places.join(' OR ')})`,
  ].join(' AND ');
}
