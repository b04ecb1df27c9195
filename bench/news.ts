import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { Lane } from './care/lane.js';
import type { Row } from './report.js';
import { openStack } from './stack.js';

const TIMES = 10;

/**
 * The four ways in which a cluster hears of something, each with the time from its cause to its event in the cluster's history: a changed
 * config.yaml in the bucket, an instance that changes its state, a timer, and a person.
 */
export async function benchNews(): Promise<Row[]> {
  const bench = await openStack('demo');
  try {
    const lane = new Lane(bench, 'news', {
      mode: 'dev',
      pools: [{ name: 'workers', count: 1, instanceType: 't3.large' }],
    });
    await lane.create();
    return [
      await measured('S3: config.yaml changed', 'PutObject -> EventBridge -> SQS -> update apply', lane, (turn) =>
        lane.put(stringify(lane.document({ tags: { turn: String(turn) } }))),
      ),
      await measured(
        'EC2: instance changed its state',
        'StopInstances -> EventBridge -> SQS -> signal reconcile',
        lane,
        () => lane.act('workers-0', 'stop'),
        'repaired',
      ),
      await timers(lane),
      await measured('manual: a signal', 'temporal workflow signal reconcile', lane, () =>
        lane.handle.signal('reconcile', { reason: 'benchmark' }),
      ),
      await measured(
        'manual: a request',
        'keelson retry (update)',
        lane,
        async () => void (await lane.handle.executeUpdate('retry', { args: [{}] })),
      ),
    ];
  } finally {
    await bench.close();
  }
}

async function measured(
  name: string,
  way: string,
  lane: Lane,
  act: (turn: number) => Promise<void>,
  until: 'heard' | 'repaired' = 'heard',
): Promise<Row> {
  const seconds: number[] = [];
  for (let turn = 1; turn <= TIMES; turn += 1) {
    await lane.well();
    const since = Date.now();
    await act(turn);
    seconds.push(((await heardSince(lane, since)) - since) / 1_000);
    if (until === 'repaired')
      await lane.until(({ operations }) => Date.parse(operations.at(-1)?.startedAt ?? '') >= since);
  }
  return row(name, way, seconds);
}

/** When the first message since then came into the history. */
async function heardSince(lane: Lane, since: number): Promise<number> {
  const deadline = since + 120_000;
  while (Date.now() < deadline) {
    const { events } = await lane.handle.fetchHistory();
    for (const event of events ?? []) {
      const isMessage =
        event.workflowExecutionSignaledEventAttributes != null ||
        event.workflowExecutionUpdateAcceptedEventAttributes != null;
      const at = Number(event.eventTime?.seconds ?? 0) * 1_000 + (event.eventTime?.nanos ?? 0) / 1e6;
      if (isMessage && at >= since) return at;
    }
    await sleep(100);
  }
  throw new Error('never heard of');
}

/** How late timers of the history so far fired. */
async function timers(lane: Lane): Promise<Row> {
  await lane.machine('workers-0', { pressure: ['DiskPressure'] });
  await lane.handle.signal('reconcile', { reason: 'benchmark' });
  await lane.until((status) =>
    status.conditions.some((one) => one.type === 'NodesWithoutPressure' && one.status === 'False'),
  );
  await lane.machine('workers-0', { pressure: [] });
  await lane.well();
  const { events } = await lane.handle.fetchHistory();
  const due = new Map<string, number>();
  const seconds: number[] = [];
  for (const { eventTime, timerStartedEventAttributes: started, timerFiredEventAttributes: fired } of events ?? []) {
    const at = Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
    const wait = started?.startToFireTimeout;
    if (started?.timerId) due.set(started.timerId, at + Number(wait?.seconds ?? 0) * 1_000 + (wait?.nanos ?? 0) / 1e6);
    if (fired?.timerId) seconds.push((at - (due.get(fired.timerId) ?? Number.NaN)) / 1_000);
  }
  return row('timer: the next look is due', 'durable timer, from its due time', seconds);
}

function row(name: string, way: string, seconds: number[]): Row {
  const sorted = [...seconds].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return { case: name, way, times: sorted.length, p50Seconds: at(0.5), maxSeconds: at(1) };
}
