import type { Client } from '@temporalio/client';

/** Evidence from the simulator: it does not come from Keelson itself. */
export interface RegionEvidence {
  criticalPathSeconds: number;
  instancesLaunched: number;
  /** Slots and generations with more than one launched instance. */
  duplicates: number;
  /** Existing instances, volumes, security groups and bucket keys. */
  leftovers: number;
}

async function ask(regionUrl: string, path: string): Promise<unknown> {
  const answer = await fetch(`${regionUrl}/_region/${path}`);
  if (!answer.ok) throw new Error(`the local region answered ${answer.status} to ${path}: ${await answer.text()}`);
  return await answer.json();
}

/** Length of the longest chain of latencies that the simulator imposed on the cluster since the time. */
export async function criticalPathSeconds(regionUrl: string, cluster: string, since: number): Promise<number> {
  const { seconds } = (await ask(regionUrl, `critical-path?cluster=${cluster}&since=${since}`)) as { seconds: number };
  return seconds;
}

export async function countDuplicates(regionUrl: string): Promise<number> {
  return countItems(await ask(regionUrl, 'duplicates'));
}

export async function countLeftovers(regionUrl: string, cluster: string): Promise<number> {
  return countItems(await ask(regionUrl, `leftovers?cluster=${cluster}`));
}

export async function countLaunches(regionUrl: string): Promise<number> {
  const { launches } = (await ask(regionUrl, 'record')) as { launches: unknown[] };
  return launches.length;
}

/** Counts the items of a list, or of all lists of an object. */
export function countItems(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, one) => sum + countItems(one), 0);
}

export interface TemporalEvidence {
  historyEvents: number;
  /** Counts what Temporal Cloud would bill: the history's actions, and heartbeats. [docs: Temporal Cloud actions] */
  temporalActions: number;
}

/** The history's event types that each count as one action; an activity counts once for each attempt. */
const ACTIONS = new Set([
  'workflowExecutionStartedEventAttributes',
  'workflowExecutionContinuedAsNewEventAttributes',
  'timerStartedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'workflowExecutionUpdateAcceptedEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
]);

/**
 * Counts events and actions of a cluster's workflow so far.
 *
 * @param metricsUrl the worker's metrics, the only source of heartbeats; null leaves them out
 */
export async function temporalEvidence(
  client: Client,
  cluster: string,
  metricsUrl: string | null,
): Promise<TemporalEvidence> {
  const { events } = await client.workflow.getHandle(`cluster/${cluster}`).fetchHistory();
  let actions = 0;
  for (const event of events ?? []) {
    if (event.activityTaskStartedEventAttributes) actions += event.activityTaskStartedEventAttributes.attempt ?? 1;
    else if (Object.entries(event).some(([name, value]) => ACTIONS.has(name) && value !== null && value !== undefined))
      actions += 1;
  }
  const heartbeats = metricsUrl === null ? 0 : countHeartbeats(await (await fetch(metricsUrl)).text());
  return { historyEvents: events?.length ?? 0, temporalActions: actions + heartbeats };
}

/** Sums the worker's heartbeat requests in Prometheus's text format. */
export function countHeartbeats(metrics: string): number {
  let sum = 0;
  for (const line of metrics.split('\n')) {
    if (!line.startsWith('temporal_request_total{') || !line.includes('operation="RecordActivityTaskHeartbeat"'))
      continue;
    sum += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return sum;
}
