import type { StatusView } from '../src/model/status.js';
import { measureProcesses } from './processes.js';
import type { Row } from './report.js';
import { BenchCluster, type BenchStack, documentOf, openStack } from './stack.js';
import { inGroups } from './thousands/lanes.js';
import { stopRows, stopSome } from './thousands/stops.js';

/** `BENCH_CLUSTERS`: how many. */
const CLUSTERS = Number(process.env['BENCH_CLUSTERS'] ?? 1_000);
/** `BENCH_STOPS`: how many of them are told to stop while others are made. */
const STOPS = Number(process.env['BENCH_STOPS'] ?? Math.min(100, Math.floor(CLUSTERS / 5)));
/** Clusters in the order of their start, so many a wave: those that began together are to end together. */
const WAVE = 100;
const AT_ONCE = 25;
const LOOK_MS = 2_000;
const LIMITS = { minutes: 15, slowestOverMedian: 1.5 };
/** After so long without a further cluster that runs, the benchmark tells what is missing instead of waiting on. */
const PATIENCE_MS = 10 * 60_000;
/** As docs/explanation/scale.md advises for a worker that has 2 GiB or more: what is short-lived ends in the young generation. [docs: Node, V8 options] */
const NODE_OPTIONS = `${process.env['NODE_OPTIONS'] ?? ''} --max-semi-space-size=64`.trim();

/**
 * Many clusters of one server, applied as fast as Temporal takes them, on nodes on paper: the processes of nodes are left out, everything above them is
 * real, and the account has EC2's documented limits. A cluster begins when its workflow is started. Some that run are told to stop meanwhile.
 */
export async function benchThousands(): Promise<Row[]> {
  const bench = await openStack('aws', 'warn', 'paper', { workerEnv: { NODE_OPTIONS } });
  try {
    const names = Array.from({ length: CLUSTERS }, (_, index) => `many-${String(index).padStart(5, '0')}`);
    const meter = measureProcesses(bench);
    const began = Date.now();
    const stopping = stopSome(bench, STOPS);
    const starts = new Map<string, number>();
    await inGroups(names, AT_ONCE, async (name) => {
      starts.set(name, Date.now());
      await bench.client.workflow.start('cluster', {
        workflowId: `cluster/${name}`,
        taskQueue: 'keelson',
        args: [documentOf({ name, mode: 'dev' })],
      });
    });
    const applied = Date.now();
    const running = await untilAllRun(bench, names.length);
    stopping.end();
    const seconds = (Date.now() - began) / 1_000;
    const spent = meter.stop();
    const ends = await endsOf(bench, names);
    const waves = chunksOf(names, WAVE).map((wave) =>
      wave.flatMap((name) => {
        const end = ends.get(name);
        return end === undefined ? [] : [(end - (starts.get(name) ?? 0)) / 1_000];
      }),
    );
    return [
      {
        case: `${names.length} clusters of one server`,
        minutes: seconds / 60,
        limit: LIMITS.minutes,
        applySeconds: (applied - began) / 1_000,
        clustersAMinute: (running / seconds) * 60,
        forgotten: names.length - ends.size,
        twice: await duplicatesOf(bench),
      },
      fairness(waves),
      ...(await stopRows(bench, await stopping.stopped)),
      ...spent,
      await historyOf(bench, names),
      failedAttempts(bench.log()),
      ...(await callsOf(bench, names.length)),
    ];
  } finally {
    await bench.close();
  }
}

/** Counted by what Temporal shows of them. @returns how many run, or did until they were told to stop */
async function untilAllRun({ client }: BenchStack, wanted: number): Promise<number> {
  let most = 0;
  let since = Date.now();
  for (;;) {
    const { count } = await client.workflow.count("K3sPhase IN ('Running', 'Stopping', 'Stopped')");
    if (count > most) [most, since] = [count, Date.now()];
    if (process.env['BENCH_PROGRESS'] === '1') process.stderr.write(`${new Date().toISOString()} ${count} run\n`);
    if (count >= wanted || Date.now() - since > PATIENCE_MS) return count;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** When the create of each has ended, milliseconds since 1970; those that have not are missing. */
async function endsOf(bench: BenchStack, names: readonly string[]): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  await inGroups(names, AT_ONCE, async (name) => {
    const status = await new BenchCluster(bench, name).handle.query<StatusView>('status').catch(() => null);
    const ended = status?.operations.find(({ kind }) => kind === 'create')?.endedAt;
    if (ended != null) ends.set(name, Date.parse(ended));
  });
  return ends;
}

/** The wave whose slowest is farthest from its median. */
function fairness(waves: readonly number[][]): Row {
  const seen = waves
    .filter((wave) => wave.length > 0)
    .map((wave) => {
      const sorted = [...wave].sort((a, b) => a - b);
      const [median, slowest] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
      return { median, slowest, over: slowest / median };
    });
  const worst = seen.reduce((most, one) => (one.over > most.over ? one : most), { median: 0, slowest: 0, over: 0 });
  return {
    case: `  waves of ${WAVE}, the least fair of ${seen.length}`,
    medianSeconds: worst.median,
    slowestSeconds: worst.slowest,
    slowestOverMedian: worst.over,
    limit: LIMITS.slowestOverMedian,
  };
}

async function duplicatesOf(bench: BenchStack): Promise<number> {
  return (await bench.region<unknown[]>('/_region/duplicates')).length;
}

async function historyOf(bench: BenchStack, names: readonly string[]): Promise<Row> {
  const sizes: { events: number; bytes: number }[] = [];
  await inGroups(names, AT_ONCE, async (name) => {
    const { historyLength, historySize } = await new BenchCluster(bench, name).handle.describe();
    sizes.push({ events: historyLength, bytes: historySize ?? 0 });
  });
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  return {
    case: '  history of a cluster',
    events: Math.round(mean(sizes.map(({ events }) => events))),
    mostEvents: Math.max(...sizes.map(({ events }) => events)),
    kiB: mean(sizes.map(({ bytes }) => bytes)) / 1_024,
  };
}

/** Attempts of activities that failed, by the worker's log, and those of them that the fence has ended because the worker was too slow (ADR 0077). */
function failedAttempts(log: string): Row {
  const failed = log.split('\n').filter((line) => / failed"/.test(line));
  const slow = failed.filter((line) => line.includes('the worker was suspended or disconnected'));
  return { case: '  attempts that failed', attempts: failed.length, tooSlow: slow.length };
}

interface Call {
  service: string;
  action: string;
  code: string | null;
}

/** What was asked of AWS most. */
async function callsOf(bench: BenchStack, clusters: number): Promise<Row[]> {
  const { calls } = await bench.region<{ calls: Call[] }>('/_region/record');
  const groups = new Map<string, { calls: number; refused: number }>();
  for (const { service, action, code } of calls) {
    const group = groups.get(`${service} ${action}`) ?? { calls: 0, refused: 0 };
    group.calls += 1;
    if (code === 'RequestLimitExceeded' || code === 'ThrottlingException') group.refused += 1;
    groups.set(`${service} ${action}`, group);
  }
  return [...groups]
    .sort(([, a], [, b]) => b.calls - a.calls)
    .slice(0, 10)
    .map(([name, group]) => ({ case: `  ${name}`, ...group, perCluster: group.calls / clusters }));
}

const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
