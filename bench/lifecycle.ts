import type { Operation, OperationKind } from '../src/model/state.js';
import type { StatusView } from '../src/model/status.js';
import { type Ratio, ratioOf } from './operation-ratio.js';
import type { Row } from './report.js';
import { BenchCluster, openStack } from './stack.js';

/** Promised: wall time over critical path. The gate's second observation, 5 s a server, is in the wall time of the resize. */
const LIMIT = { stopStart: 1.1, resize: 1.15, replace: 1.15 };

/** Stop, start, resize and repair of three servers on profile `aws`, against what no one can avoid. */
export async function benchLifecycle(): Promise<Row[]> {
  const bench = await openStack('aws');
  try {
    const cluster = await BenchCluster.start(bench, { name: 'life', mode: 'ha' });
    await cluster.settled('Running');
    const { handle } = cluster;
    await handle.signal('stop', {});
    const stop = await measured(cluster, 'stop', 'Stopped');
    await handle.signal('start', {});
    const start = await measured(cluster, 'start', 'Running');
    await handle.signal('resize', { instanceType: 't3.large' });
    const resize = await measured(cluster, 'resize', 'Running');
    await terminate(cluster, 'server-1');
    const replace = await measured(cluster, 'repair', 'Running');
    const both = {
      wallSeconds: stop.ratio.wallSeconds + start.ratio.wallSeconds,
      criticalPathSeconds: stop.ratio.criticalPathSeconds + start.ratio.criticalPathSeconds,
    };
    return [
      { case: 'stop ha', ...stop.ratio },
      { case: 'start ha', ...start.ratio },
      {
        case: 'stop and start ha',
        ...both,
        ratio: both.wallSeconds / both.criticalPathSeconds,
        limit: LIMIT.stopStart,
      },
      { case: 'resize three servers', ...resize.ratio, limit: LIMIT.resize },
      { case: 'replace a server that was terminated, from when it is known', ...replace.ratio, limit: LIMIT.replace },
      ...slowestSteps(resize.operation),
      { case: 'history after all', historyEvents: await cluster.historyEvents() },
    ];
  } finally {
    await bench.close();
  }
}

/** By someone else. */
async function terminate({ bench, handle }: BenchCluster, slot: string): Promise<void> {
  const { nodes } = await handle.query<StatusView>('status');
  const id = nodes.find((node) => node.slot === slot)?.instanceId;
  await bench.region(`/_region/instances/${id}/terminate?hard`, { method: 'POST' });
}

async function measured(
  cluster: BenchCluster,
  kind: OperationKind,
  phase: StatusView['phase'],
): Promise<{ operation: Operation; ratio: Ratio }> {
  const status = await settledAfter(cluster, kind, phase);
  const operation = status.operations.at(-1);
  if (operation === undefined || operation.kind !== kind || operation.outcome !== 'done')
    throw new Error(`${kind} ended as ${operation?.kind} ${operation?.outcome}: ${JSON.stringify(status.lastError)}`);
  return { operation, ratio: await ratioOf(cluster.bench, cluster.name, operation) };
}

/** A signal is taken a moment after it was sent: until then the cluster still looks settled. */
async function settledAfter(
  cluster: BenchCluster,
  kind: OperationKind,
  phase: StatusView['phase'],
): Promise<StatusView> {
  for (;;) {
    const status = await cluster.settled(phase);
    if (status.operations.at(-1)?.kind === kind) return status;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Where the time of an operation goes: mean seconds by kind of step. */
function slowestSteps({ steps }: Operation): Row[] {
  const byKind = new Map(steps.map((step) => [step.kind, steps.filter((one) => one.kind === step.kind)]));
  return [...byKind].map(([kind, all]) => {
    const seconds = all.map((step) => (Date.parse(step.endedAt ?? '') - Date.parse(step.startedAt)) / 1000);
    return {
      case: `  resize: ${kind} (${all.length})`,
      wallSeconds: seconds.reduce((sum, one) => sum + one, 0) / all.length,
    };
  });
}
