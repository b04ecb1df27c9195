/** A request is begun at once, whatever a cluster that runs is asking just then. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
