/** A request is begun at once, whatever a cluster that runs is asking just then. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workflowIdOf } from '#src/model/execution.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';
import { holdAt } from './support/hold-at.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

describe('a stop', () => {
  it.each([['ensureWatch'], ['observeInstances'], ['observeSecurityGroups']])('does not wait for %s', (name) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const gate = holdAt(fake, (activity) => activity === name);
      const cluster = await start(written());
      await gate.reached;

      // Act
      await cluster.workflow.signal('stop', {});

      // Assess
      const status = await cluster.settled('Stopped');
      expect(status.operations.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(['create done', 'stop done']);
      gate.open();
    }),
  );
});

describe('a create that was stored while no worker ran', () => {
  it('is not begun where it was withdrawn: nothing is made or claimed, and the workflow ends', () =>
    fixture.withWorker(async ({ client, fake, taskQueue }) => {
      // Act: both are there when the first worker comes
      const workflow = await client.workflow.signalWithStart('cluster', {
        taskQueue,
        workflowId: workflowIdOf('demo'),
        args: [written()],
        signal: 'withdraw',
        signalArgs: [{}],
      });

      // Assess
      await expect(workflow.result()).rejects.toMatchObject({
        cause: { type: 'Refused', message: expect.stringContaining('withdrawn before it had begun') },
      });
      expect(fake.calls.filter((name) => name !== 'writeStatus')).toEqual([]);
    }));
});
