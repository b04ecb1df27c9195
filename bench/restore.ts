import type { NoteEntry } from '../packages/aws-simulator/src/record.js';
import type { Operation, OperationKind } from '../src/model/state.js';
import type { StatusView } from '../src/model/status.js';
import { fewestServing } from '../test/e2e/support/fewest-serving.js';
import { ratioOf } from './operation-ratio.js';
import type { Row } from './report.js';
import { BenchCluster, openStack } from './stack.js';

/** Promised: seconds, and wall time over critical path. */
const LIMIT_SECONDS = { backup: 20, restoreQuorum: 180, restoreAll: 240, drill: 240 };
const LIMIT_RATIO = 1.15;

const SERVERS = ['server-0', 'server-1', 'server-2'];

/** A backup, a drill of it, and restores in place after loss of quorum and of every server, on profile `aws`: three servers and an agent. */
export async function benchRestore(): Promise<Row[]> {
  const bench = await openStack('aws');
  try {
    const cluster = await BenchCluster.start(bench, { name: 'saved', mode: 'ha', agents: 1 });
    await cluster.settled('Running');
    const quorum = await backedUp(cluster, 'backup');
    const drill = await drilled(cluster);
    const afterQuorum = await restored(cluster, 'restore, one server of three left', SERVERS.slice(0, 2), {
      seconds: LIMIT_SECONDS.restoreQuorum,
    });
    const all = await backedUp(cluster, 'backup, after a restore');
    const afterAll = await restored(cluster, 'restore, no server left', SERVERS, { seconds: LIMIT_SECONDS.restoreAll });
    return [
      quorum,
      drill,
      afterQuorum,
      all,
      afterAll,
      { case: 'history after all', historyEvents: await cluster.historyEvents() },
    ];
  } finally {
    await bench.close();
  }
}

/**
 * Takes a backup. AWS and K3s ask two seconds for it, the ways of one command, so only the seconds have a limit. `serversDown` is the most servers of three that did
 * not answer meanwhile: 0 when every request was answered.
 */
async function backedUp(cluster: BenchCluster, name: string): Promise<Row> {
  const { nodes } = await statusOf(cluster);
  const servers = nodes.flatMap(({ role, instanceId }) =>
    role === 'server' && instanceId !== null ? [instanceId] : [],
  );
  const before = (await notesOf(cluster)).length;
  const operation = await asked(cluster, 'backup', {});
  const serversDown = servers.length - fewestServing(servers, (await notesOf(cluster)).slice(before));
  const ratio = await ratioOf(cluster.bench, cluster.name, operation);
  return { case: name, ...ratio, limitSeconds: LIMIT_SECONDS.backup, serversDown };
}

/** Restores the newest backup on a machine of its own. Measured from the request to the report, which comes when nothing of the machine is left. */
async function drilled(cluster: BenchCluster): Promise<Row> {
  const startedAt = new Date().toISOString();
  await cluster.handle.executeUpdate('drill', { args: [{}] });
  const { drill } = await until(cluster, (status) => status.drill.last !== null && status.drill.running === null);
  const { last } = drill;
  if (last === null || last.problem !== null) throw new Error(`the drill has failed: ${JSON.stringify(last)}`);
  const ratio = await ratioOf(cluster.bench, cluster.name, { startedAt, endedAt: last.endedAt });
  return { case: 'drill', ...ratio, limitSeconds: LIMIT_SECONDS.drill, limit: LIMIT_RATIO };
}

/** Terminates the servers at once, as the cluster sees it, and restores the newest backup. Measured from the request to the end of its operation. */
async function restored(
  cluster: BenchCluster,
  name: string,
  slots: string[],
  { seconds: limitSeconds }: { seconds: number },
): Promise<Row> {
  const { handle, bench } = cluster;
  await handle.executeUpdate('pause', { args: [{}] });
  const { nodes } = await statusOf(cluster);
  const lost = nodes.filter(({ slot }) => slots.includes(slot));
  await Promise.all(
    lost.map(({ instanceId }) => bench.region(`/_region/instances/${instanceId}/terminate?hard`, { method: 'POST' })),
  );
  await handle.executeUpdate('resume', { args: [{}] });
  await until(cluster, ({ lastError, operation }) => lastError?.code === 'QuorumLost' && operation === null);
  const operation = await asked(cluster, 'restore', { confirm: cluster.name });
  const ratio = await ratioOf(bench, cluster.name, operation);
  return { case: name, ...ratio, limitSeconds, limit: LIMIT_RATIO };
}

/** Sends a request and waits until its operation has ended. @throws Error when that was not done */
async function asked(cluster: BenchCluster, kind: OperationKind, payload: Record<string, unknown>): Promise<Operation> {
  const known = new Set((await statusOf(cluster)).operations.map(({ id }) => id));
  await cluster.handle.executeUpdate(kind, { args: [payload] });
  const isNew = (one: Operation): boolean => one.kind === kind && !known.has(one.id);
  const { operations } = await until(
    cluster,
    (status) => status.operation === null && status.operations.some(isNew) && status.phase === 'Running',
  );
  const operation = operations.findLast(isNew);
  if (operation?.outcome === 'done') return operation;
  throw new Error(
    `${kind} ended as ${operation?.outcome}: ${JSON.stringify(operation?.steps.flatMap(({ error }) => error ?? []))}`,
  );
}

const statusOf = ({ handle }: BenchCluster): Promise<StatusView> => handle.query<StatusView>('status');

const notesOf = async ({ bench }: BenchCluster): Promise<NoteEntry[]> =>
  (await bench.region<{ notes: NoteEntry[] }>('/_region/record?calls=false')).notes;

async function until(cluster: BenchCluster, holds: (status: StatusView) => boolean): Promise<StatusView> {
  const deadline = Date.now() + 900_000;
  for (;;) {
    const status = await statusOf(cluster);
    if (holds(status)) return status;
    if (Date.now() > deadline)
      throw new Error(`${cluster.name} is ${status.phase} after 900 s: ${JSON.stringify(status.lastError)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
