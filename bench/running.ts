import type { CallEntry } from '../packages/aws-simulator/src/record.js';
import { measureProcesses } from './processes.js';
import type { Row } from './report.js';
import { foundClusters, MOST_A_VPC, pass, said } from './running/found.js';
import { loseMany, loseOne } from './running/losses.js';
import { type BenchStack, openStack } from './stack.js';

/** `BENCH_CLUSTERS`: how many, of three servers each. */
const CLUSTERS = process.env['BENCH_CLUSTERS'];
/** `BENCH_STORM`: how many of them lose a server at once, while others are created. */
const STORM = Number(process.env['BENCH_STORM'] ?? 500);
/** So many that they still wait for their launches when the storm begins: EC2 takes two a second. */
const CREATES = Math.max(10, Math.ceil(STORM / 5));
/** `BENCH_REST_SECONDS`: how long the clusters are watched at rest. */
const REST_MS = Number(process.env['BENCH_REST_SECONDS'] ?? 180) * 1_000;
/** After their begin: the watch has told all of them what it sees. */
const CALM_MS = 60_000;
/** How often a quiet cluster looks at itself; here all have begun together, so that they are asked in turn. [workflows/cluster/observe/schedule.ts] */
const RESYNC_MS = 4 * 3_600_000;
/** `BENCH_PROFILE=demo`: a shorter way there, while something is tried out. */
const PROFILE = process.env['BENCH_PROFILE'] === 'demo' ? 'demo' : 'aws';
/** What Node gives itself in a container of 1 GiB, the Helm chart's. */
const NODE_OPTIONS = `${process.env['NODE_OPTIONS'] ?? ''} --max-old-space-size=512`.trim();
const LIMITS = { coreShare: 0.25, rssMiB: 1_024 };

/**
 * Thousands of clusters of three servers that run: what they cost at rest, and how soon one lost server among them is known and replaced. One cluster is created in each VPC and
 * the others are copies of it, on nodes on paper and with EC2's documented limits.
 */
export const benchRunning = (): Promise<Row[]> =>
  withClusters(Number(CLUSTERS ?? 5_000), async (bench, names) => {
    const rest = await atRest(bench, names);
    said(JSON.stringify(rest));
    return [...rest, await loseOne(bench, names.at(-1) ?? '')];
  });

/** The same clusters, of which hundreds lose a server at once: whether their repairs come before creates. */
export const benchStorm = (): Promise<Row[]> =>
  withClusters(Number(CLUSTERS ?? STORM + 20), async (bench, names) => {
    const meter = measureProcesses(bench);
    const all = names.length + Math.ceil(names.length / MOST_A_VPC);
    const storm = await loseMany(bench, names.slice(0, STORM), CREATES, all);
    return [...storm, ...meter.stop()];
  });

async function withClusters(
  count: number,
  measure: (bench: BenchStack, names: readonly string[]) => Promise<Row[]>,
): Promise<Row[]> {
  const bench = await openStack(PROFILE, 'warn', 'paper', { metrics: true, workerEnv: { NODE_OPTIONS } });
  try {
    const names = await foundClusters(bench, count);
    await pass(CALM_MS);
    return await measure(bench, names);
  } finally {
    await bench.close();
  }
}

async function atRest(bench: BenchStack, names: readonly string[]): Promise<Row[]> {
  const meter = measureProcesses(bench);
  const before = await requestsOf(bench);
  const since = Date.now();
  const looks = keepLooking(bench, names);
  await pass(REST_MS);
  looks.stop();
  const processes = meter.stop();
  const minutes = (Date.now() - since) / 60_000;
  const requests = [...(await requestsOf(bench))].map(
    ([name, count]) => [name, count - (before.get(name) ?? 0)] as const,
  );
  const { calls } = await bench.region<{ calls: CallEntry[] }>('/_region/record');
  const ours = calls.filter(({ at, service }) => Date.parse(at) >= since && (service === 'ec2' || service === 'ssm'));
  const refused = ours.filter(({ status }) => (status ?? 0) >= 400);
  const watch = await bench.client.workflow.getHandle('region-watch/eu-west-1').describe();
  return [
    {
      case: `${names.length} clusters of three servers at rest`,
      minutes,
      callsAMinute: ours.length / minutes,
      refused: refused.length,
      refusedAs: refusedAs(refused),
      observations: looks.count(),
      watchEvents: Number(watch.historyLength),
    },
    ...processes.map((row) => (row['case'] === '  the worker' ? { ...row, ...limits() } : row)),
    ...requests
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 8)
      .map(([name, count]) => ({ case: `  Temporal ${name}`, aMinute: count / minutes })),
  ];
}

/** What AWS has said, and how often: `InvocationDoesNotExist 12`. */
function refusedAs(refused: readonly CallEntry[]): string {
  const counts = new Map<string, number>();
  for (const { action, code } of refused) {
    const what = `${action} ${code ?? ''}`.trim();
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${what} ${count}`).join(', ');
}

const limits = () => ({ limit: LIMITS.coreShare, limitMiB: LIMITS.rssMiB });

/** Asks one cluster after the other to look at itself, as often as all of them do together in a usual day. */
function keepLooking({ client }: BenchStack, names: readonly string[]): { stop(): void; count(): number } {
  let asked = 0;
  const timer = setInterval(() => {
    const name = names[(asked * 997) % names.length] ?? '';
    asked += 1;
    void client.workflow.getHandle(`cluster/${name}`).signal('reconcile', { reason: 'the benchmark' });
  }, RESYNC_MS / names.length);
  return { stop: () => clearInterval(timer), count: () => asked };
}

/** The worker's requests to Temporal so far, by operation; polls are none. */
async function requestsOf({ stack }: BenchStack): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (stack.metricsUrl === null) return counts;
  const text = await (await fetch(stack.metricsUrl)).text();
  for (const line of text.split('\n')) {
    if (!/^temporal_request\S*_total\{|^temporal_request\{/.test(line) || line.includes('failure')) continue;
    const operation = /operation="([^"]*)"/.exec(line)?.[1] ?? '';
    if (/^(Poll|GetSystemInfo|DescribeNamespace)/.test(operation)) continue;
    counts.set(operation, (counts.get(operation) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)));
  }
  return counts;
}
