import type { CallEntry } from '../src/region/record.js';
import { perSecond, plot } from './plot.js';
import type { Row } from './report.js';
import { BenchCluster, type BenchStack, openStack } from './stack.js';

const CLUSTERS = 20;
/** What the account allows: a second's worth at once, and so many a second. */
const LIMITS = [
  { action: 'RunInstances', perSecond: 2 },
  { action: 'Describe*', perSecond: 5 },
] as const;

/**
 * An account that is throttled hard, and twenty clusters that are created at once: all get there, what is refused stays in bounds, and
 * those that were refused together do not come back together.
 */
export async function benchThrottled(): Promise<Row[]> {
  const bench = await openStack('demo');
  try {
    for (const { action, perSecond: rate } of LIMITS) {
      await addFault(bench, { service: 'ec2', action, bucket: { size: rate, refill: rate } });
    }
    const started = Date.now();
    const names = Array.from({ length: CLUSTERS }, (_, index) => `throttled-${index}`);
    const clusters = await Promise.all(names.map((name) => BenchCluster.start(bench, { name, mode: 'dev' })));
    await Promise.all(clusters.map((cluster) => cluster.settled('Running')));
    const seconds = (Date.now() - started) / 1_000;
    const { calls } = await bench.region<{ calls: CallEntry[] }>('/_region/record');
    return [...LIMITS.map(({ action }) => rowOf(action, calls, started, seconds)), summary(seconds, names.length)];
  } finally {
    await bench.close();
  }
}

function rowOf(action: string, calls: readonly CallEntry[], started: number, seconds: number): Row {
  const pattern = new RegExp(`^${action.replace('*', '.*')}$`);
  const of = calls.filter((call) => call.service === 'ec2' && pattern.test(call.action));
  const refused = of.filter((call) => call.code === 'RequestLimitExceeded');
  const asked = perSecond(
    of.map((call) => Date.parse(call.at)),
    started,
    seconds,
  );
  const turned = perSecond(
    refused.map((call) => Date.parse(call.at)),
    started,
    seconds,
  );
  return {
    case: `${CLUSTERS} dev at once, ${action}`,
    calls: of.length,
    refused: refused.length,
    refusedPerAnswered: refused.length / Math.max(1, of.length - refused.length),
    mostInASecond: Math.max(...asked),
    plot: plot(asked, turned),
  };
}

const summary = (seconds: number, clusters: number): Row => ({
  case: `${clusters} dev at once, all Running`,
  wallSeconds: seconds,
});

async function addFault({ stack }: BenchStack, plan: object): Promise<void> {
  const answer = await fetch(`${stack.region.url}/_region/faults`, { method: 'POST', body: JSON.stringify(plan) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}
