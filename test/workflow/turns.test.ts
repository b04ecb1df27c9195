/** Where hundreds of clusters take turns, who was started first goes first, whenever a busy worker has come to it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workflowIdOf } from '#src/model/execution.js';
import { Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

describe('a cluster whose first workflow task comes late', () => {
  it('waits for its turns since its workflow was started', () =>
    fixture.withWorker(async ({ client, fake, taskQueue }) => {
      // Prepare
      const since: Record<string, unknown> = {};
      fake.before = async (name, input: { since?: string }) => {
        if (input.since !== undefined) since[name] = input.since;
      };

      // Act: Temporal gives the task away a second later
      const workflow = await client.workflow.start('cluster', {
        taskQueue,
        workflowId: workflowIdOf('demo'),
        args: [written()],
        startDelay: '1s',
      });
      const cluster = new Handle(workflow);
      const { createdAt } = await cluster.settled('Running');

      // Assess
      const startedAt = (await workflow.describe()).startTime.toISOString();
      expect(createdAt).toBe(startedAt);
      const turns = { claimCluster: startedAt, ensureSecurityGroups: startedAt, launchInstance: startedAt };
      expect(since).toEqual(turns);
      await workflow.terminate('the test is over');
    }));
});

describe('a create', () => {
  /** Seconds, of the first of each activity behind a signal, or from the start. */
  const timeOutsOf = async (cluster: Handle, signal?: string): Promise<Record<string, number>> => {
    const { events } = await cluster.workflow.fetchHistory();
    const from = events?.findIndex((event) => event.workflowExecutionSignaledEventAttributes?.signalName === signal);
    const first = (events ?? []).slice(signal === undefined ? 0 : from).reverse();
    return Object.fromEntries(
      first.flatMap(({ activityTaskScheduledEventAttributes: asked }) =>
        asked == null ? [] : [[asked.activityType?.name ?? '', Number(asked.heartbeatTimeout?.seconds)]],
      ),
    );
  };

  it('whose name has waited for its turn beats less often, and what comes after it as always', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      fake.claimLaterMs = 11_000;

      // Act
      const cluster = await start(written());
      await cluster.settled('Running');
      const created = await timeOutsOf(cluster);
      await cluster.workflow.signal('stop');
      await cluster.settled('Stopped');
      const stopped = await timeOutsOf(cluster, 'stop');

      // Assess
      expect(created).toMatchObject({ launchInstance: 12, awaitInstance: 12, runOnNodes: 12 });
      expect(stopped).toMatchObject({ stopInstances: 8, awaitInstance: 4, runOnNodes: 4 });
    }));

  it('that is alone beats each second while it waits', () =>
    fixture.withWorker(async ({ start }) => {
      const cluster = await start(written());
      await cluster.settled('Running');

      expect(await timeOutsOf(cluster)).toMatchObject({ launchInstance: 8, awaitInstance: 4, runOnNodes: 4 });
    }));
});
