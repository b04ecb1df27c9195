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
