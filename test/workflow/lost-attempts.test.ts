import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

it('asks for another attempt of a lost one at once: what is waited for is the sign of life alone', () =>
  fixture.withWorker(async ({ start }) => {
    const cluster = await start(written({ mode: 'dev' }));
    await cluster.healthy();

    const scheduled = await activitiesOf(cluster);

    expect(scheduled.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['awaitInstance', 'runOnNodes', 'launchInstance']),
    );
    expect([...new Set(scheduled.map(({ againMs }) => againMs))]).toEqual([100]);
  }));

async function activitiesOf(cluster: Handle): Promise<{ name: string; againMs: number }[]> {
  const { events } = await cluster.workflow.fetchHistory();
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: of }) =>
    of == null ? [] : [{ name: of.activityType?.name ?? '', againMs: msOf(of.retryPolicy?.initialInterval) }],
  );
}

const msOf = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
