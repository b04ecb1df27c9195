import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttribute } from '../../config/search-attributes.js';
import { CLUSTER_PREFIX } from '../../model/execution.js';
import { LIST_PAGE } from '../../temporal/clusters-in.js';
import type { ListedCluster } from '../views/list.js';

/** Lists the clusters that exist, by the visibility store alone: it asks no workflow. */
export async function listClusters(
  client: Client,
  filters: Partial<Record<SearchAttribute, string>>,
): Promise<ListedCluster[]> {
  const clauses = ["WorkflowType = 'cluster'", "ExecutionStatus = 'Running'"];
  for (const [name, value] of Object.entries(filters)) clauses.push(`${name} = '${value.replaceAll(/['\\]/g, '')}'`);
  const listed: ListedCluster[] = [];
  for await (const one of client.workflow.list({ query: clauses.join(' AND '), pageSize: LIST_PAGE })) {
    const read = (name: SearchAttribute): string | null => one.typedSearchAttributes.get(keyOf(name)) ?? null;
    const { nodes, createdAt, paused } = (one.memo ?? {}) as { nodes?: string; createdAt?: string; paused?: boolean };
    listed.push({
      name: one.workflowId.slice(CLUSTER_PREFIX.length),
      phase: read('K3sPhase'),
      health: read('K3sHealth'),
      paused: paused === true,
      region: read('K3sRegion'),
      account: read('K3sAccount'),
      version: read('K3sVersion'),
      nodes: nodes ?? null,
      createdAt: createdAt ?? one.startTime.toISOString(),
    });
  }
  return listed.sort((a, b) => a.name.localeCompare(b.name));
}

const keyOf = (name: SearchAttribute) => defineSearchAttributeKey(name, 'KEYWORD');
