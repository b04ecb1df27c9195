import { randomUUID } from 'node:crypto';
import { memoryOf } from './memory.js';
import type { Row } from './report.js';
import { BenchCluster, type BenchStack, openStack } from './stack.js';

const SAMPLES = 100;
const SIGNALS = 200;

interface Call {
  at: string;
  service: string;
  action: string;
  instanceIds: string[];
}

/** How soon a cluster hears, and what many messages do to it; on profile `fast`. */
export async function benchMessages(): Promise<Row[]> {
  const bench = await openStack('fast');
  try {
    const heard = await hearing(bench);
    return [heard, await pouring(bench)];
  } finally {
    await bench.close();
  }
}

/** From the `stop` signal to the first call for an instance, on a cluster that is at rest. */
async function hearing(bench: BenchStack): Promise<Row> {
  const cluster = await BenchCluster.start(bench, { name: 'idle', mode: 'dev' });
  await cluster.settled('Running');
  const sent: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    sent.push(Date.now());
    await cluster.handle.signal('stop', {});
    await cluster.settled('Stopped');
    await cluster.handle.executeUpdate('start', { args: [{}] });
    await cluster.settled('Running');
  }
  const { calls } = await bench.region<{ calls: Call[] }>('/_region/record');
  const forInstances = calls.filter((call) => call.instanceIds.length > 0).map((call) => Date.parse(call.at));
  const delays = sent
    .map((at) => (forInstances.find((called) => called >= at) ?? Number.NaN) - at)
    .sort((a, b) => a - b);
  await cluster.handle.signal('delete', { confirm: cluster.name });
  await cluster.handle.result();
  return {
    case: `stop signal to first AWS call, ${SAMPLES} times`,
    p50Ms: delays[Math.floor(SAMPLES * 0.5)] ?? 0,
    p99Ms: delays[Math.ceil(SAMPLES * 0.99) - 1] ?? 0,
    limitMs: 250,
  };
}

/** 200 contradicting signals in 2 s: all of them taken, in order, and the last one wins. */
async function pouring(bench: BenchStack): Promise<Row> {
  const cluster = await BenchCluster.start(bench, { name: 'flooded', mode: 'ha' });
  const before = await cluster.settled('Running');
  const worker = bench.stack.worker().pid;
  const rssBefore = memoryOf(worker);
  const began = Date.now();
  const sending = Array.from({ length: SIGNALS }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, index * (2000 / SIGNALS)));
    await cluster.handle.signal(index % 2 === 0 ? 'stop' : 'start', { requestedBy: randomUUID() });
  });
  await Promise.all(sending);
  const seconds = (Date.now() - began) / 1000;
  await cluster.handle.executeUpdate('start', { args: [{}] });
  const after = await cluster.settled('Running');
  const { events } = await cluster.handle.fetchHistory();
  const taken = events?.filter((event) => event.workflowExecutionSignaledEventAttributes).length ?? 0;
  const last = (await cluster.handle.query<{ reason: string }[]>('events')).filter((event) =>
    event.reason.startsWith('Request'),
  );
  await cluster.handle.signal('delete', { confirm: cluster.name });
  await cluster.handle.result();
  return {
    case: `${SIGNALS} signals in ${seconds.toFixed(1)} s`,
    signalsInHistory: taken,
    wishesChanged: after.specGeneration - before.specGeneration,
    requestEventsKept: last.length,
    historyEvents: events?.length ?? 0,
    operations: after.operations.length,
    rssMiBBefore: rssBefore,
    rssMiB: memoryOf(worker),
  };
}
