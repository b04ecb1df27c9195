import type { StatusView } from '../../src/model/status.js';
import { ratioOf } from '../operation-ratio.js';
import type { Row } from '../report.js';
import { BenchCluster, type BenchStack, documentOf } from '../stack.js';
import { pass, said, untilAllAre } from './found.js';

const LIMITS = { knownSeconds: 15, replaceRatio: 1.15 };
const STORM_PATIENCE_MS = 40 * 60_000;
const CREATE_PATIENCE_MS = 15 * 60_000;

interface Instance {
  id: string;
  state: string;
  tags: Record<string, string>;
}

interface Launch {
  at: string;
  tags: Record<string, string>;
}

/** Kills a server of one among the many. */
export async function loseOne(bench: BenchStack, name: string): Promise<Row> {
  const at = Date.now();
  await terminate(bench, [name]);
  const [known = Number.NaN] = await knownSeconds(bench, [name], at);
  const cluster = new BenchCluster(bench, name);
  const { operations, lastError } = await healed(cluster);
  const operation = operations.at(-1);
  if (operation?.kind !== 'repair' || operation.outcome !== 'done')
    throw new Error(`${name} ended as ${operation?.kind} ${operation?.outcome}: ${JSON.stringify(lastError)}`);
  const ratio = await ratioOf(bench, name, operation);
  return {
    case: 'one killed server among them',
    knownSeconds: known,
    knownLimit: LIMITS.knownSeconds,
    ...ratio,
    limit: LIMITS.replaceRatio,
  };
}

/** Kills a server of each of these at once, while others are created. */
export async function loseMany(
  bench: BenchStack,
  names: readonly string[],
  creates: number,
  all: number,
): Promise<Row[]> {
  const created = Array.from({ length: creates }, (_, index) => `coming-${String(index).padStart(4, '0')}`);
  for (const name of created)
    await bench.client.workflow.start('cluster', {
      workflowId: `cluster/${name}`,
      taskQueue: 'keelson',
      args: [documentOf({ name, mode: 'dev' })],
    });
  await firstLaunchOf(bench, created);
  const at = Date.now();
  await terminate(bench, names);
  said(`${names.length} servers are killed`);
  const isAll = await untilAllAre(bench, all + creates, STORM_PATIENCE_MS);
  const known = (await knownSeconds(bench, names, at)).sort((a, b) => a - b);
  const { launches } = await bench.region<{ launches: Launch[] }>('/_region/record?calls=false');
  const since = launches.filter((one) => Date.parse(one.at) >= at - 1_000);
  const of = (some: readonly string[]) => since.filter(({ tags }) => some.includes(tags['keelson:cluster'] ?? ''));
  const repairs = of(names);
  const [first, last] = [Date.parse(repairs[0]?.at ?? ''), Date.parse(repairs.at(-1)?.at ?? '')];
  const between = of(created).filter((one) => Date.parse(one.at) > first && Date.parse(one.at) < last);
  const operations = await repairsOf(bench, names);
  const ends = operations.map((endedAt) => (endedAt - at) / 1_000).sort((a, b) => a - b);
  const middle = (sorted: readonly number[]) => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return [
    {
      case: `${names.length} servers killed at once beside ${creates} creates`,
      healthy: isAll,
      of: all + creates,
      knownSeconds: known.at(-1) ?? Number.NaN,
      repaired: operations.length,
      medianSeconds: middle(ends),
      slowestSeconds: ends.at(-1) ?? Number.NaN,
      twice: (await bench.region<unknown[]>('/_region/duplicates')).length,
    },
    {
      case: '  launches from the first to the last of the repairs',
      repairs: repairs.length,
      creates: between.length,
      createShare: between.length / (between.length + repairs.length),
      limit: 0.15,
      seconds: (last - first) / 1_000,
      createsAfter: of(created).filter((one) => Date.parse(one.at) > last).length,
    },
  ];
}

async function terminate(bench: BenchStack, clusters: readonly string[]): Promise<void> {
  const wanted = new Set(clusters);
  const instances = await bench.region<Instance[]>('/_region/instances');
  const lost = instances.filter(
    ({ tags, state }) =>
      state === 'running' && tags['keelson:slot'] === 'server-1' && wanted.has(tags['keelson:cluster'] ?? ''),
  );
  await Promise.all(lost.map(({ id }) => bench.region(`/_region/instances/${id}/terminate?hard`, { method: 'POST' })));
}

/** From the loss to the signal in each history. */
async function knownSeconds({ client }: BenchStack, names: readonly string[], since: number): Promise<number[]> {
  const seconds: number[] = [];
  for (const name of names) {
    const handle = client.workflow.getHandle(`cluster/${name}`);
    for (;;) {
      const { events } = await handle.fetchHistory();
      const times = (events ?? []).flatMap(({ eventTime, workflowExecutionSignaledEventAttributes: signal }) =>
        signal ? [Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6] : [],
      );
      const told = times.find((time) => time >= since);
      if (told !== undefined) seconds.push((told - since) / 1_000);
      if (told !== undefined || Date.now() > since + STORM_PATIENCE_MS) break;
      await pass(200);
    }
  }
  return seconds;
}

async function healed(cluster: BenchCluster): Promise<StatusView> {
  for (;;) {
    const status = await cluster.settled('Running');
    if (status.operations.at(-1)?.kind === 'repair') return status;
    await pass(250);
  }
}

/** When the repair of each has ended; those that have not are missing. */
async function repairsOf(bench: BenchStack, names: readonly string[]): Promise<number[]> {
  const ends: number[] = [];
  for (const name of names) {
    const { operations } = await new BenchCluster(bench, name).handle.query<StatusView>('status');
    const repairs = operations.filter(({ kind, outcome }) => kind === 'repair' && outcome === 'done');
    ends.push(...repairs.slice(-1).map(({ endedAt }) => Date.parse(endedAt ?? '')));
  }
  return ends;
}

async function firstLaunchOf(bench: BenchStack, names: readonly string[]): Promise<void> {
  const until = Date.now() + CREATE_PATIENCE_MS;
  while (names.length > 0 && Date.now() < until) {
    const { launches } = await bench.region<{ launches: Launch[] }>('/_region/record?calls=false');
    if (launches.some(({ tags }) => names.includes(tags['keelson:cluster'] ?? ''))) return;
    await pass(250);
  }
}
