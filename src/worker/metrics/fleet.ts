import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, type MetricMeter } from '@temporalio/common';
import type { Logger } from 'pino';
import { LIST_PAGE } from '../../temporal/clusters-in.js';
import type { Emf } from './emf.js';

/** A list of all clusters costs a call a page, and no action of any workflow. [docs: Temporal, visibility API] */
const PERIOD_MS = 60_000;

interface Kind {
  phase: string;
  health: string;
  region: string;
  version: string;
}

const ATTRIBUTES = { phase: 'K3sPhase', health: 'K3sHealth', region: 'K3sRegion', version: 'K3sVersion' } as const;

/**
 * Counts the clusters by phase, health, region and version, once a minute, from Temporal's visibility store. Every worker reports all of
 * them: a query takes the maximum over the workers.
 *
 * @returns ends it
 */
export function keepFleetMetrics(client: Client, meter: MetricMeter, emf: Emf | null, logger: Logger): () => void {
  const gauge = meter.createGauge('keelson_clusters', 'int', '', 'Clusters by phase, health, region and version');
  let known = new Map<string, Kind>();
  const count = async (): Promise<void> => {
    const counts = await countClusters(client);
    for (const [key, kind] of known) if (!counts.has(key)) gauge.set(0, { ...kind });
    for (const { kind, count: clusters } of counts.values()) gauge.set(clusters, { ...kind });
    known = new Map([...counts].map(([key, { kind }]) => [key, kind]));
    for (const { kind, count: clusters } of counts.values()) emf?.put('Clusters', clusters, { ...kind });
  };
  const tick = (): void => {
    count().catch((error: unknown) => logger.warn({ err: error }, 'the clusters could not be counted for the metrics'));
  };
  tick();
  const timer = setInterval(tick, PERIOD_MS);
  timer.unref();
  return () => clearInterval(timer);
}

async function countClusters(client: Client): Promise<Map<string, { kind: Kind; count: number }>> {
  const counts = new Map<string, { kind: Kind; count: number }>();
  const query = "WorkflowType = 'cluster' AND ExecutionStatus = 'Running'";
  for await (const one of client.workflow.list({ query, pageSize: LIST_PAGE })) {
    const read = (name: keyof Kind): string =>
      one.typedSearchAttributes.get(defineSearchAttributeKey(ATTRIBUTES[name], 'KEYWORD')) ?? 'unknown';
    const kind = { phase: read('phase'), health: read('health'), region: read('region'), version: read('version') };
    const key = Object.values(kind).join('|');
    counts.set(key, { kind, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return counts;
}
