import type { StatusView } from '../src/model/status.js';
import { type Ratio, ratioOf } from './operation-ratio.js';
import type { Row } from './report.js';
import { BenchCluster, type BenchStack, documentOf, openStack } from './stack.js';

/** Promised: wall time over the path of as many rounds as `maxUnavailable` leaves. */
const LIMIT = 1.15;

/** Fewer for a first observation: `BENCH_AGENTS=40 npm run bench -- rollout`. */
const AGENTS = Number(process.env['BENCH_AGENTS'] ?? 200);
const SHARE = 0.1;

interface Change {
  what: string;
  /** What it sets in the pool, several times for one agent: latencies differ by chance, and many agents have their mean. */
  pools: readonly [object, ...object[]];
}

const configuration = (verbosity: number): object => ({ config: { 'kubelet-arg': [`v=${verbosity}`] } });
/** One of them alone: `BENCH_CHANGE=configuration npm run bench -- rollout`. */
const CHANGES = (
  [
    { what: 'configuration', pools: [configuration(3), ...[4, 5, 6, 7].map(configuration)] },
    { what: 'instance type', pools: [{ instanceType: 'm6i.large' }, { instanceType: 't3.large' }] },
  ] satisfies Change[]
).filter(({ what }) => [undefined, what].includes(process.env['BENCH_CHANGE']));

/**
 * A pool that is changed with `maxUnavailable: 10%` on profile `aws`, beside three servers: an SSM agent runs five commands side by side, and drains run
 * on the servers. What no one can avoid is the change of one agent, which the region measures on a cluster with one, the mean of several, as often as
 * agents have to follow each other: a tenth of them at the same time makes ten rounds.
 */
export async function benchRollout(): Promise<Row[]> {
  const bench = await openStack('aws', 'warn', 'paper');
  try {
    const alone = await changesOf(
      bench,
      { name: 'alone', agents: 1 },
      CHANGES.map(({ pools }) => pools),
    );
    const many = await changesOf(
      bench,
      { name: 'many', agents: AGENTS },
      CHANGES.map(({ pools: [first] }) => [first]),
    );
    const rounds = Math.ceil(AGENTS / Math.max(1, Math.floor(AGENTS * SHARE)));
    return CHANGES.flatMap(({ what }, index): Row[] => {
      const [ones = [], [all] = []] = [alone[index], many[index]];
      const [one] = ones;
      if (one === undefined || all === undefined) throw new Error(`${what} was not measured`);
      const mean = ones.reduce((sum, { criticalPathSeconds }) => sum + criticalPathSeconds, 0) / ones.length;
      const criticalPathSeconds = mean * rounds;
      const { wallSeconds } = all;
      return [
        ...ones.map((row) => ({ case: `${what} of one agent`, ...row })),
        {
          case: `${what} of ${AGENTS} agents, maxUnavailable 10%`,
          wallSeconds,
          criticalPathSeconds,
          ratio: wallSeconds / criticalPathSeconds,
          limit: LIMIT,
        },
      ];
    });
  } finally {
    await bench.close();
  }
}

/** Makes a cluster of three servers and so many agents, and measures one change after the other. @returns those of each kind */
async function changesOf(
  bench: BenchStack,
  { name, agents }: { name: string; agents: number },
  kinds: readonly (readonly object[])[],
): Promise<Ratio[][]> {
  const document = documentOf({ name, mode: 'ha', agents });
  const spec = document['spec'] as { pools: Record<string, unknown>[]; upgrade?: unknown };
  spec.upgrade = { maxUnavailable: '10%' };
  await bench.client.workflow.start('cluster', {
    workflowId: `cluster/${name}`,
    taskQueue: 'keelson',
    args: [document],
  });
  const cluster = new BenchCluster(bench, name);
  await settled(cluster);
  const measured: Ratio[][] = [];
  for (const pools of kinds) {
    const ratios: Ratio[] = [];
    for (const pool of pools) {
      Object.assign(spec.pools[0] ?? {}, pool);
      await cluster.handle.executeUpdate('apply', { args: [{ document }] });
      const { operations, specGeneration } = await settled(cluster);
      // A repair of something that was seen meanwhile may follow it.
      const operation = operations.find((one) => one.specGeneration === specGeneration && one.kind !== 'repair');
      if (operation === undefined || operation.outcome !== 'done')
        throw new Error(`${name} ended as ${operation?.kind} ${operation?.outcome}`);
      ratios.push(await ratioOf(bench, name, operation));
    }
    measured.push(ratios);
  }
  return measured;
}

const PATIENCE_MS = 3_600_000;
/** The times come from the operation itself; the answer is large, and one who asks often measures that. */
const POLL_MS = 3_000;

async function settled({ handle, name }: BenchCluster): Promise<StatusView> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    // A busy machine may not answer in time, and the operation keeps its own times.
    const status = await handle.query<StatusView>('status').catch(() => null);
    if (status === null && Date.now() <= deadline) continue;
    if (status === null) throw new Error(`${name} does not answer`);
    const heard = status.operation === null && status.observedGeneration === status.specGeneration;
    if (status.phase === 'Running' && heard) return status;
    if (status.phase === 'Failed' || Date.now() > deadline)
      throw new Error(`${name} is ${status.phase}: ${JSON.stringify(status.lastError)}`);
  }
}
