import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusView } from '../src/model/status.js';
import type { Row } from './report.js';
import { scriptsBegun } from './scripts-begun.js';
import { BenchCluster, type BenchStack, documentOf, openStack } from './stack.js';
import { inGroups, percentile } from './thousands/lanes.js';

/** `BENCH_OPERATIONS`: how many creates are under way, at least, when the worker is killed. */
const OPERATIONS = Number(process.env['BENCH_OPERATIONS'] ?? 100);
/** Of a hundred the first ten have ended when the last one is launched: EC2 takes two launches a second. */
const CLUSTERS = Math.ceil(OPERATIONS * 1.25);
/** Promised: seconds from the SIGKILL, for half of them and for the last. */
const LIMIT = { median: 5, worst: 30 };
const AT_ONCE = 25;
const LOOK_MS = 500;
const PATIENCE_MS = 10 * 60_000;

/**
 * A worker is killed while many clusters are made, the last of which wait for their launch, and another one is started at once. Each create that was under way counts as gone on
 * when Temporal has given the next worker something of it. What was done twice is counted by the region and its nodes, not by what was sent to them.
 */
export async function benchResumeMany(): Promise<Row[]> {
  const bench = await openStack('aws', 'warn', 'paper');
  try {
    const many = await create(
      bench,
      Array.from({ length: CLUSTERS }, (_, index) => `many-${String(index).padStart(3, '0')}`),
    );
    await untilLaunched(bench, OPERATIONS);
    const underWay = await many.underWay();
    const killed = bench.stack.worker();
    const killedAt = Date.now();
    killed.kill('SIGKILL');
    await killed.ended;
    await bench.stack.startWorker();
    const startSeconds = (Date.now() - killedAt) / 1_000;
    const running = await many.run();
    const rests = await restsOf(bench, underWay, killedAt);
    const seconds = [...rests.values()];
    const duplicates = await bench.region<unknown[]>('/_region/duplicates');
    const scripts = await scriptsBegun(bench);
    for (const one of [...scripts.twice, ...scripts.again]) process.stderr.write(`begun twice: ${one}\n`);
    return [
      {
        case: `${CLUSTERS} creates, and the worker killed`,
        underWay: underWay.length,
        running,
        instancesTwice: duplicates.length,
        scripts: scripts.begun,
        scriptsTwice: scripts.twice.length,
        workTwice: scripts.again.length,
      },
      {
        case: '  goes on after, median',
        seconds: percentile(seconds, 0.5),
        limit: LIMIT.median,
      },
      {
        case: '  the last one',
        seconds: percentile(seconds, 1),
        limit: LIMIT.worst,
        forgotten: underWay.length - rests.size,
      },
      { case: '  of which the start of a process', seconds: startSeconds },
    ];
  } finally {
    await bench.close();
  }
}

async function create(bench: BenchStack, names: readonly string[]) {
  await inGroups(names, AT_ONCE, async (name) => {
    await bench.client.workflow.start('cluster', {
      workflowId: `cluster/${name}`,
      taskQueue: 'keelson',
      args: [documentOf({ name, mode: 'dev' })],
    });
  });
  const statusOf = (name: string) => new BenchCluster(bench, name).handle.query<StatusView>('status');
  return {
    /** Those that have not reached their end. */
    async underWay(): Promise<string[]> {
      const found: string[] = [];
      await inGroups(names, AT_ONCE, async (name) => {
        if ((await statusOf(name)).operation?.kind === 'create') found.push(name);
      });
      return found;
    },
    /** Waits for the end of all. @returns how many run */
    async run(): Promise<number> {
      let count = 0;
      await inGroups(names, AT_ONCE, async (name) => {
        const status = await new BenchCluster(bench, name).settled('Running', PATIENCE_MS / 1_000).catch(() => null);
        if (status?.nodes.every(({ ready }) => ready === 'True') === true) count += 1;
      });
      return count;
    },
  };
}

async function untilLaunched(bench: BenchStack, wanted: number): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { launches } = await bench.region<{ launches: unknown[] }>('/_region/record?calls=false');
    if (launches.length >= wanted) return;
    if (Date.now() > until) throw new Error(`${launches.length} of ${wanted} are launched`);
    await sleep(LOOK_MS);
  }
}

/** Seconds from the kill to the first task of each that was given away after it, by the histories. */
async function restsOf(
  { client }: BenchStack,
  names: readonly string[],
  killedAt: number,
): Promise<Map<string, number>> {
  const rests = new Map<string, number>();
  await inGroups(names, AT_ONCE, async (name) => {
    const { events = [] } = await client.workflow.getHandle(`cluster/${name}`).fetchHistory();
    const starts = (events ?? [])
      .filter((event) => event.workflowTaskStartedEventAttributes || event.activityTaskStartedEventAttributes)
      .map(({ eventTime }) => Number(eventTime?.seconds ?? 0) * 1_000 + Number(eventTime?.nanos ?? 0) / 1e6)
      .filter((at) => at > killedAt);
    if (starts.length > 0) rests.set(name, (Math.min(...starts) - killedAt) / 1_000);
  });
  return rests;
}
