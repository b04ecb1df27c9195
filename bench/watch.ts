import { SearchAttributeType } from '@temporalio/common';
import { STACK_GUID } from '../packages/aws-simulator/src/credentials.js';
import type { CallEntry } from '../packages/aws-simulator/src/record.js';
import { cpuSeconds, memoryOf } from './memory.js';
import type { Row } from './report.js';
import { type BenchStack, openStack } from './stack.js';

const REGION = 'eu-west-1';
const CLUSTERS = [10, 100, 1_000];
/** How many clusters lose a server, once with events and once without. */
const KILLED = 100;
const MEASURED_MS = 75_000;
/** From launch to an agent that is registered, on profile `aws`, and the round after it. */
const BORN_MS = 55_000;
/** Between two kills: they fall anywhere into a round. */
const BETWEEN_KILLS_MS = 300;

interface Instance {
  id: string;
  state: string;
  tags: Record<string, string>;
}

/**
 * What it costs to watch a region with more and more idle clusters of three servers, in an account with the real limits of EC2, and how soon
 * a killed server is known. The clusters are instances with the right tags, and workflows that no one works on: they only keep their signals.
 */
export async function benchWatch(): Promise<Row[]> {
  const bench = await openStack('aws', 'debug');
  try {
    const rows: Row[] = [];
    // No processes on three thousand machines: servers answer at once that they are healthy.
    await bench.region('/_region/faults', fault({ point: 'ssm.run', effect: 'exit', data: { code: 0 } }));
    let there = 0;
    for (const clusters of CLUSTERS) {
      await add(bench, there, clusters);
      there = clusters;
      if (clusters === CLUSTERS[0]) await startWatch(bench);
      await pass(BORN_MS);
      rows.push(await measure(bench, clusters));
      if (clusters !== KILLED) continue;
      rows.push(await kill(bench, 'server-1', 'by event'));
      await pass(BORN_MS);
      const { ids } = await bench.region<{ ids: string[] }>(
        '/_region/faults',
        fault({ point: 'event', effect: 'drop' }),
      );
      rows.push(await kill(bench, 'server-2', 'by sweep'));
      await bench.region(`/_region/faults/${ids[0]}`, { method: 'DELETE' });
    }
    return rows;
  } finally {
    await bench.close();
  }
}

const fault = (plan: object) => ({ method: 'POST', body: plan });
const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const nameOf = (index: number) => `idle-${String(index).padStart(4, '0')}`;

async function add(bench: BenchStack, from: number, to: number): Promise<void> {
  const names = Array.from({ length: to - from }, (_, index) => nameOf(from + index));
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(
      names.slice(at, at + 50).map((name) =>
        bench.client.workflow.start('cluster', {
          workflowId: `cluster/${name}`,
          taskQueue: 'nobody',
          args: [{}],
          typedSearchAttributes: [{ key: { name: 'K3sRegion', type: SearchAttributeType.KEYWORD }, value: REGION }],
        }),
      ),
    );
  }
  const servers = names.flatMap((name) =>
    [0, 1, 2].map((slot) => ({
      region: REGION,
      instanceType: 't3.medium',
      tags: {
        'keelson:installation': STACK_GUID,
        'keelson:cluster': name,
        'keelson:uid': `uid-${name}`,
        'keelson:slot': `server-${slot}`,
        'keelson:generation': '1',
        Name: `${name}-server-${slot}-g1`,
      },
    })),
  );
  await bench.region('/_region/instances', { method: 'POST', body: servers });
}

async function startWatch({ client }: BenchStack): Promise<void> {
  await client.workflow.start('region-watch', {
    workflowId: `region-watch/${REGION}`,
    taskQueue: 'keelson',
    args: [{ region: REGION }],
  });
}

async function measure(bench: BenchStack, clusters: number): Promise<Row> {
  const { pid } = bench.stack.worker();
  const since = Date.now();
  const cpu = cpuSeconds(pid);
  let rss = 0;
  while (Date.now() < since + MEASURED_MS) {
    await pass(1_000);
    rss = Math.max(rss, memoryOf(pid));
  }
  const minutes = (Date.now() - since) / 60_000;
  const cpuSpent = cpuSeconds(pid) - cpu;
  const { calls } = await bench.region<{ calls: CallEntry[] }>('/_region/record');
  const ours = calls.filter(({ at, service }) => Date.parse(at) >= since && (service === 'ec2' || service === 'ssm'));
  const sweeps = roundsOf(bench.log(), since);
  const watch = await bench.client.workflow.getHandle(`region-watch/${REGION}`).describe();
  return {
    case: `${clusters} idle clusters, ${clusters * 3} servers`,
    sweeps: sweeps.length,
    sweepSeconds: Math.max(...sweeps) / 1_000,
    callsAMinute: ours.length / minutes,
    perCluster: ours.length / minutes / clusters,
    refused: ours.filter(({ status }) => (status ?? 0) >= 400).length,
    cpuPercent: (cpuSpent / (minutes * 60)) * 100,
    rssMiB: rss,
    watchEvents: Number(watch.historyLength),
  };
}

/** Milliseconds of each sweep, told clusters included, as the worker's log tells. */
const roundsOf = (log: string, since: number): number[] =>
  log.split('\n').flatMap((line) => {
    if (!line.includes('"looked at the region"')) return [];
    const { time, ms } = JSON.parse(line) as { time: string; ms: number };
    return Date.parse(time) >= since ? [ms] : [];
  });

/** Kills a server of each cluster. @returns from the kill to the signal in the cluster's history */
async function kill(bench: BenchStack, slot: string, how: string): Promise<Row> {
  const instances = await bench.region<Instance[]>('/_region/instances');
  const killed: { cluster: string; at: number }[] = [];
  for (const { id, tags } of instances.filter((one) => one.tags['keelson:slot'] === slot && one.state === 'running')) {
    killed.push({ cluster: tags['keelson:cluster'] ?? '', at: Date.now() });
    await bench.region(`/_region/instances/${id}/terminate?hard`, { method: 'POST' });
    await pass(BETWEEN_KILLS_MS);
  }
  await pass(75_000);
  const seconds = await Promise.all(
    killed.map(async ({ cluster, at }) => ((await firstSignal(bench, cluster, at)) - at) / 1_000),
  );
  seconds.sort((a, b) => a - b);
  const percentile = (share: number) => seconds[Math.ceil(seconds.length * share) - 1] ?? Number.NaN;
  return {
    case: `${killed.length} servers killed, known ${how}`,
    p50Seconds: percentile(0.5),
    p95Seconds: percentile(0.95),
    maxSeconds: percentile(1),
    neverKnown: seconds.filter((one) => !Number.isFinite(one)).length,
  };
}

async function firstSignal({ client }: BenchStack, cluster: string, since: number): Promise<number> {
  const { events } = await client.workflow.getHandle(`cluster/${cluster}`).fetchHistory();
  const times = (events ?? []).flatMap(({ eventTime, workflowExecutionSignaledEventAttributes: signal }) =>
    signal ? [Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6] : [],
  );
  return times.find((time) => time >= since) ?? Number.POSITIVE_INFINITY;
}
