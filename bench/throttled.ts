import type { CallEntry } from '../packages/aws-simulator/src/record.js';
import { perSecond, plot } from './plot.js';
import type { Row } from './report.js';
import { BenchCluster, type BenchStack, openStack } from './stack.js';

const CLUSTERS = 20;
/** What the account allows: a second's worth at once, and so many a second; and what is promised of the calls that it refuses. */
const LIMITS = [
  { action: 'RunInstances', perSecond: 2, refusedPerAnswered: 1 },
  { action: 'Describe*', perSecond: 5, refusedPerAnswered: 3 },
] as const;
/** Of the refusals, how many may come in the second half of the time: they become fewer. */
const LATE_LIMIT = 0.5;
const SECONDS_LIMIT = 180;

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
    return [...LIMITS.map((limit) => rowOf(limit, calls, started, seconds)), summary(seconds, names.length)];
  } finally {
    await bench.close();
  }
}

function rowOf(
  { action, refusedPerAnswered }: (typeof LIMITS)[number],
  calls: readonly CallEntry[],
  started: number,
  seconds: number,
): Row {
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
    limit: refusedPerAnswered,
    lateShare:
      refused.filter(({ at }) => Date.parse(at) - started > seconds * 500).length / Math.max(1, refused.length),
    lateLimit: LATE_LIMIT,
    mostInASecond: Math.max(...asked),
    plot: plot(asked, turned),
  };
}

const summary = (seconds: number, clusters: number): Row => ({
  case: `${clusters} dev at once, all Running`,
  wallSeconds: seconds,
  limit: SECONDS_LIMIT,
});

async function addFault({ stack }: BenchStack, plan: object): Promise<void> {
  const answer = await fetch(`${stack.region.url}/_region/faults`, { method: 'POST', body: JSON.stringify(plan) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}
