import type { CallEntry, LaunchEntry } from '../packages/aws-simulator/src/record.js';
import { memoryOf } from './memory.js';
import type { Row } from './report.js';
import { BenchCluster, documentOf, openStack } from './stack.js';

/** `BENCH_AGENTS`: how many. With three servers five hundred nodes, as hetzner-k3s shows in under 11 minutes. */
const AGENTS = Number(process.env['BENCH_AGENTS'] ?? 497);
const LIMITS = { minutes: 4, workerMiB: 600, historyEvents: 51_200 };
const LOOK_MS = 2_000;
const POLL_MS = 500;

const NAME = 'large';

/** K3s gives each node a /24: its default network of /16 has room for 256. */
function document(): Record<string, unknown> {
  const { spec, ...rest } = documentOf({ name: NAME, mode: 'ha', agents: AGENTS });
  const of = spec as { k3s: object };
  return { ...rest, spec: { ...of, k3s: { ...of.k3s, config: { 'cluster-cidr': '10.32.0.0/15' } } } };
}

/** Asks Temporal, and not the workflow: each query of it would make a status of half a megabyte, beside the work that is measured. */
async function untilRunning(cluster: BenchCluster, limitSeconds: number): Promise<void> {
  const deadline = Date.now() + limitSeconds * 1_000;
  for (;;) {
    const { searchAttributes } = await cluster.handle.describe();
    if (searchAttributes['K3sPhase']?.[0] === 'Running') break;
    if (Date.now() > deadline) throw new Error(`${NAME} is not Running after ${limitSeconds} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await cluster.settled('Running');
}

/** One large cluster in an account that has EC2's documented limits, on nodes on paper. */
export async function benchAgents(): Promise<Row[]> {
  const bench = await openStack('aws', 'warn', 'paper');
  let rss = 0;
  const look = (): void => {
    rss = Math.max(rss, memoryOf(bench.stack.worker().pid));
  };
  const timer = setInterval(look, LOOK_MS);
  try {
    const began = Date.now();
    await bench.client.workflow.start('cluster', {
      workflowId: `cluster/${NAME}`,
      taskQueue: 'keelson',
      args: [document()],
    });
    const cluster = new BenchCluster(bench, NAME);
    await untilRunning(cluster, LIMITS.minutes * 60 * 5);
    const minutes = (Date.now() - began) / 60_000;
    look();
    const { calls, launches } = await bench.region<{ calls: CallEntry[]; launches: LaunchEntry[] }>('/_region/record');
    const of = (action: string): CallEntry[] => calls.filter((call) => call.action === action);
    const at = launches.map((one) => Date.parse(one.at));
    return [
      { case: `3 servers and ${AGENTS} agents`, minutes, limit: LIMITS.minutes, nodes: launches.length },
      {
        case: '  launches',
        calls: of('RunInstances').length,
        refused: of('RunInstances').filter(({ code }) => code === 'RequestLimitExceeded').length,
        secondsFirstToLast: (Math.max(...at) - Math.min(...at)) / 1_000,
        twice: (await bench.region<unknown[]>('/_region/duplicates')).length,
      },
      { case: '  the worker', rssMiB: rss, limit: LIMITS.workerMiB },
      { case: '  history', events: await cluster.historyEvents(), limit: LIMITS.historyEvents },
    ];
  } finally {
    clearInterval(timer);
    await bench.close();
  }
}
