import type { StatusView } from '../../src/model/status.js';
import { ratioOf } from '../operation-ratio.js';
import type { Row } from '../report.js';
import { BenchCluster, type BenchStack, documentOf } from '../stack.js';
import { pass, said, untilAllAre } from './found.js';

const LIMITS = { knownSeconds: 15, replaceRatio: 1.15 };
const STORM_PATIENCE_MS = 40 * 60_000;
const CREATE_PATIENCE_MS = 15 * 60_000;
const LANES = 10;

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
  const { knownAt } = await heardOf(bench, name, at);
  const cluster = new BenchCluster(bench, name);
  const { operations, lastError } = await healed(cluster);
  const operation = operations.at(-1);
  if (operation?.kind !== 'repair' || operation.outcome !== 'done')
    throw new Error(`${name} ended as ${operation?.kind} ${operation?.outcome}: ${JSON.stringify(lastError)}`);
  const ratio = await ratioOf(bench, name, operation);
  return {
    case: 'one killed server among them',
    knownSeconds: (knownAt - at) / 1_000,
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
  const heard = new Map<string, Heard>();
  await inLanes(names, async (name) => heard.set(name, await heardOf(bench, name, at)));
  const { launches } = await bench.region<{ launches: Launch[] }>('/_region/record?calls=false');
  const since = launches.filter((one) => Date.parse(one.at) >= at - 1_000);
  const of = (some: readonly string[]) => since.filter(({ tags }) => some.includes(tags['keelson:cluster'] ?? ''));
  const ends = sorted((await repairsOf(bench, names)).map((endedAt) => (endedAt - at) / 1_000));
  return [
    {
      case: `${names.length} servers killed at once beside ${creates} creates`,
      healthy: isAll,
      of: all + creates,
      knownSeconds: Math.max(...[...heard.values()].map(({ knownAt }) => (knownAt - at) / 1_000)),
      repaired: ends.length,
      medianSeconds: middle(ends),
      slowestSeconds: ends.at(-1) ?? Number.NaN,
      twice: (await bench.region<unknown[]>('/_region/duplicates')).length,
    },
    ...orderOf(of(names), of(created), heard),
  ];
}

/** Who was launched while repairs waited for a launch, and how long those waited. */
function orderOf(repairs: readonly Launch[], creates: readonly Launch[], heard: ReadonlyMap<string, Heard>): Row[] {
  const waits = repairs.map(({ at, tags }) => ({
    from: heard.get(tags['keelson:cluster'] ?? '')?.askedAt ?? Number.NaN,
    to: Date.parse(at),
  }));
  const waitsAt = (time: number) => waits.some(({ from, to }) => from < time && time < to);
  const first = Math.min(...waits.map(({ from }) => from));
  const last = Math.max(...waits.map(({ to }) => to));
  const besides = creates.filter(({ at }) => waitsAt(Date.parse(at)));
  const seconds = sorted(waits.map(({ from, to }) => (to - from) / 1_000));
  return [
    {
      case: '  launches while a repair waited for its own',
      repairs: repairs.length,
      creates: besides.length,
      createShare: besides.length / (besides.length + repairs.length),
      limit: 0.15,
      seconds: (last - first) / 1_000,
      createsAfter: creates.filter(({ at }) => Date.parse(at) > last).length,
    },
    {
      case: '  from the plan of a repair to its launch',
      medianSeconds: middle(seconds),
      slowestSeconds: seconds.at(-1) ?? Number.NaN,
    },
  ];
}

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

const middle = (numbers: readonly number[]): number => numbers[Math.floor(numbers.length / 2)] ?? Number.NaN;

async function terminate(bench: BenchStack, clusters: readonly string[]): Promise<void> {
  const wanted = new Set(clusters);
  const instances = await bench.region<Instance[]>('/_region/instances');
  const lost = instances.filter(
    ({ tags, state }) =>
      state === 'running' && tags['keelson:slot'] === 'server-1' && wanted.has(tags['keelson:cluster'] ?? ''),
  );
  await Promise.all(lost.map(({ id }) => bench.region(`/_region/instances/${id}/terminate?hard`, { method: 'POST' })));
}

/** What a history tells of a loss: when it was known, and when a launch was first asked for. */
interface Heard {
  knownAt: number;
  askedAt: number;
}

async function heardOf({ client }: BenchStack, name: string, since: number): Promise<Heard> {
  const handle = client.workflow.getHandle(`cluster/${name}`);
  for (;;) {
    const { events } = await handle.fetchHistory();
    const later = (events ?? []).map((event) => ({ event, at: timeOf(event) })).filter(({ at }) => at >= since);
    const known = later.find(({ event }) => event.workflowExecutionSignaledEventAttributes);
    const asked = later.find(({ event }) =>
      event.activityTaskScheduledEventAttributes?.activityType?.name?.startsWith('launchInstance'),
    );
    if (known !== undefined) return { knownAt: known.at, askedAt: asked?.at ?? Number.NaN };
    if (Date.now() > since + STORM_PATIENCE_MS) return { knownAt: Number.NaN, askedAt: Number.NaN };
    await pass(200);
  }
}

const timeOf = ({ eventTime }: { eventTime?: { seconds?: unknown; nanos?: number | null } | null }): number =>
  Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;

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
  await inLanes(names, async (name) => {
    const { operations } = await new BenchCluster(bench, name).handle.query<StatusView>('status');
    const repairs = operations.filter(({ kind, outcome }) => kind === 'repair' && outcome === 'done');
    ends.push(...repairs.slice(-1).map(({ endedAt }) => Date.parse(endedAt ?? '')));
  });
  return ends;
}

/** One history or query after the other takes minutes for hundreds, and all at once more than the dev server likes. */
async function inLanes(names: readonly string[], work: (name: string) => Promise<unknown>): Promise<void> {
  const left = [...names];
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await work(next);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function firstLaunchOf(bench: BenchStack, names: readonly string[]): Promise<void> {
  const until = Date.now() + CREATE_PATIENCE_MS;
  while (names.length > 0 && Date.now() < until) {
    const { launches } = await bench.region<{ launches: Launch[] }>('/_region/record?calls=false');
    if (launches.some(({ tags }) => names.includes(tags['keelson:cluster'] ?? ''))) return;
    await pass(250);
  }
}
