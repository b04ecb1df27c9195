import { setTimeout as sleep } from 'node:timers/promises';
import type { temporal } from '@temporalio/proto';
import type { Row } from '../report.js';
import { BenchCluster, type BenchStack } from '../stack.js';
import { inGroups, percentile } from './lanes.js';

/** Promised, in seconds. */
const LIMIT = 0.25;
/** Between two signals: a person, or a schedule of a team, not a storm. */
const APART_MS = 500;
const LOOK_MS = 2_000;
const AT_ONCE = 10;

interface Stop {
  name: string;
  /** Right before the signal was sent, milliseconds since 1970. */
  at: number;
}

interface Call {
  at: string;
  service: string;
  instanceIds: string[];
}

/** Stops clusters that run while others are still made, one after the other. */
export function stopSome(bench: BenchStack, count: number): { stopped: Promise<Stop[]>; end(): void } {
  const ending = new AbortController();
  return { stopped: stopEach(bench, count, ending.signal), end: () => ending.abort() };
}

async function stopEach({ client }: BenchStack, count: number, signal: AbortSignal): Promise<Stop[]> {
  const stops = new Map<string, Stop>();
  while (stops.size < count && !signal.aborted) {
    for await (const { workflowId } of client.workflow.list({ query: "K3sPhase = 'Running'" })) {
      if (stops.has(workflowId) || stops.size === count || signal.aborted) continue;
      const at = Date.now();
      await client.workflow.getHandle(workflowId).signal('stop', {});
      stops.set(workflowId, { name: workflowId.replace('cluster/', ''), at });
      await sleep(APART_MS);
    }
    await sleep(LOOK_MS);
  }
  return [...stops.values()];
}

/**
 * From each signal to the first call of SSM or EC2 for the cluster's instance, by the region's record, and whether the stop came to its end; then where that time goes, by
 * the histories.
 */
export async function stopRows(bench: BenchStack, stops: readonly Stop[]): Promise<Row[]> {
  const { calls, launches } = await bench.region<{
    calls: Call[];
    launches: { id: string; tags: Record<string, string> }[];
  }>('/_region/record');
  const clusterOf = new Map(launches.map(({ id, tags }) => [id, tags['keelson:cluster'] ?? '']));
  const wanted = new Map(stops.map(({ name, at }) => [name, at]));
  const first = new Map<string, number>();
  for (const { at, service, instanceIds } of calls) {
    if (service === 's3') continue;
    const time = Date.parse(at);
    for (const name of instanceIds.map((id) => clusterOf.get(id) ?? '')) {
      const since = wanted.get(name);
      if (since !== undefined && time >= since && !first.has(name)) first.set(name, (time - since) / 1_000);
    }
  }
  let unstopped = 0;
  await inGroups(stops, AT_ONCE, async ({ name }) => {
    const status = await new BenchCluster(bench, name).settled('Stopped', 300).catch(() => null);
    if (status?.operations.find(({ kind }) => kind === 'stop')?.outcome !== 'done') unstopped += 1;
  });
  const seconds = [...first.values()];
  return [
    {
      case: `  stop signal to first call, of ${stops.length}`,
      ...spread(seconds),
      limit: LIMIT,
      forgotten: stops.length - seconds.length + unstopped,
    },
    ...(await hopsOf(bench, stops)),
  ];
}

const spread = (seconds: readonly number[]) => ({
  medianSeconds: percentile(seconds, 0.5),
  p99Seconds: percentile(seconds, 0.99),
  slowestSeconds: percentile(seconds, 1),
});

type HistoryEvent = NonNullable<temporal.api.history.v1.IHistory['events']>[number];

/** The way of a stop through Temporal, hop by hop; the first job that it sends is the snapshot. */
const HOPS: readonly { name: string; ends: (event: HistoryEvent, events: readonly HistoryEvent[]) => boolean }[] = [
  {
    name: 'until Temporal has it',
    ends: (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'stop',
  },
  { name: 'until a worker takes the task', ends: (event) => event.workflowTaskStartedEventAttributes != null },
  { name: 'until the workflow asks for its first job', ends: isSnapshot },
  {
    name: 'until a worker takes the job',
    ends: ({ activityTaskStartedEventAttributes: started }, events) =>
      started != null &&
      events.some((event) => isSnapshot(event) && event.eventId?.toString() === started.scheduledEventId?.toString()),
  },
];

function isSnapshot({ activityTaskScheduledEventAttributes: scheduled, userMetadata }: HistoryEvent): boolean {
  return scheduled != null && String(userMetadata?.summary?.data ?? '').includes('save an etcd snapshot');
}

async function hopsOf({ client }: BenchStack, stops: readonly Stop[]): Promise<Row[]> {
  const seconds = HOPS.map((): number[] => []);
  await inGroups(stops, AT_ONCE, async ({ name, at }) => {
    const { events } = await client.workflow.getHandle(`cluster/${name}`).fetchHistory();
    let [since, rest] = [at, events ?? []];
    for (const [index, { ends }] of HOPS.entries()) {
      const found = rest.findIndex((event) => ends(event, events ?? []));
      if (found < 0) return;
      const time = msOf(rest[found]);
      seconds[index]?.push((time - since) / 1_000);
      [since, rest] = [time, rest.slice(found)];
    }
  });
  return HOPS.map(({ name }, index) => ({ case: `    ${name}`, ...spread(seconds[index] ?? []) }));
}

const msOf = (event: HistoryEvent | undefined): number =>
  Number(event?.eventTime?.seconds ?? 0) * 1_000 + Number(event?.eventTime?.nanos ?? 0) / 1e6;
