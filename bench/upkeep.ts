import { temporalEvidence } from '../packages/local-stack/src/evidence.js';
import { FakeActivities } from '../test/workflow/fake-activities.js';
import { written } from '../test/workflow/fixture.js';
import { openSkippedTime } from '../test/workflow/support/time-skipping.js';
import type { Row } from './report.js';
import { BenchCluster, openStack } from './stack.js';

const DAYS = 10;
/** A command's id is heartbeated when it is known, and once more while its answer is waited for. [activities/attempt.ts] */
const HEARTBEATS_A_JOB = 2;
/** Temporal suggests a new history at 4,096 events: a create of 53 nodes and some stops and starts have as many. */
const MOST_CHANGES = 16;

/** What a cluster costs while nothing happens, and what it carries from one history to the next. */
export async function benchUpkeep(): Promise<Row[]> {
  return [await quietDay(), await carriedState()];
}

/** Temporal actions a day of three servers that are left alone, counted in a history of ten days on skipped time. */
async function quietDay(): Promise<Row> {
  const fake = new FakeActivities();
  const time = await openSkippedTime(fake);
  try {
    const cluster = await time.start(written(), 'demo');
    await cluster.settled('Running');
    const count = async () => (await temporalEvidence(time.client, 'demo', null)).temporalActions;
    const jobs = () => fake.jobs.length;
    const before = { actions: await count(), jobs: jobs() };
    await time.pass(`${DAYS * 24}h`);
    const heartbeats = (jobs() - before.jobs) * HEARTBEATS_A_JOB;
    return {
      case: 'Temporal actions of a quiet day, 3 servers',
      actions: ((await count()) - before.actions + heartbeats) / DAYS,
      ofWhichHeartbeats: heartbeats / DAYS,
      limit: 60,
    };
  } finally {
    await time.close();
  }
}

/** Size of the state of 3 + 50 nodes as Temporal keeps it: the input of the run after the first continue-as-new. */
async function carriedState(): Promise<Row> {
  const bench = await openStack('fast');
  try {
    const cluster = await BenchCluster.start(bench, { name: 'large', mode: 'ha', agents: 50 });
    await cluster.settled('Running');
    const first = (await cluster.handle.describe()).runId;
    for (let change = 0; change < MOST_CHANGES && (await cluster.handle.describe()).runId === first; change += 1) {
      const [verb, phase] = change % 2 === 0 ? (['stop', 'Stopped'] as const) : (['start', 'Running'] as const);
      await cluster.handle.executeUpdate(verb, { args: [{}] });
      await cluster.settled(phase);
    }
    // Without a run id it is the latest run, which begins with what was carried.
    const { events } = await cluster.handle.fetchHistory();
    const started = events?.[0]?.workflowExecutionStartedEventAttributes;
    if (!started?.continuedExecutionRunId) throw new Error('the history was never long enough to be continued as new');
    const sizes = (started.input?.payloads ?? []).map((payload) => payload.data?.length ?? 0);
    const bytes = sizes.reduce((sum, one) => sum + one, 0);
    return { case: 'state carried over continue-as-new, 3 + 50 nodes', kiB: bytes / 1024, limitKiB: 32 };
  } finally {
    await bench.close();
  }
}
