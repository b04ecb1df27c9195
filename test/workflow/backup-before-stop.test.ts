import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture?.close());

describe('a cluster that asks for backups', () => {
  it('takes one before it stops, and stops anyway when that fails', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written({ backup: {} }));
      await cluster.healthy();

      // Act
      await cluster.workflow.signal('stop', {});
      await cluster.settled('Stopped');
      const once = fake.backups.length;
      await cluster.workflow.signal('start', {});
      await cluster.settled('Running');
      fake.before = async (name) => {
        if (name === 'saveBackup') throw ApplicationFailure.nonRetryable('the bucket is gone', 'invalid');
      };
      await cluster.workflow.signal('stop', {});
      const stopped = await cluster.settled('Stopped');

      // Assess
      expect(once).toBe(1);
      expect(stopped.operations.at(-1)).toMatchObject({ kind: 'stop', outcome: 'done' });
      expect((await cluster.events()).map(({ reason }) => reason)).toContain('BackupFailed');
    }));
});
