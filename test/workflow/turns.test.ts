/** Where hundreds of clusters take turns, who was started first goes first, whenever a busy worker has come to it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workflowIdOf } from '#src/model/execution.js';
import type { FakeActivities } from './fake-activities.js';
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
  /** Activities whose waits may beat less often, as one of many, since the list was emptied. */
  const seldom = (fake: FakeActivities): Set<string> => {
    const names = new Set<string>();
    fake.before = async (name, { amongMany }: { amongMany?: true }) => {
      if (amongMany) names.add(name);
    };
    return names;
  };

  it('whose name has waited for its turn is one of many, and what comes after it is not', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const names = seldom(fake);
      fake.claimLaterMs = 11_000;

      // Act
      const cluster = await start(written());
      await cluster.settled('Running');
      const created = new Set(names);
      names.clear();
      await cluster.workflow.signal('stop');
      await cluster.settled('Stopped');

      // Assess
      expect([...created]).toEqual(expect.arrayContaining(['launchInstance', 'awaitInstance', 'runOnNodes']));
      expect([...names]).toEqual([]);
    }));

  it('that is alone beats as always', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const names = seldom(fake);

      const cluster = await start(written());
      await cluster.settled('Running');

      expect([...names]).toEqual([]);
    }));
});
