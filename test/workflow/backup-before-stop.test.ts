import { Context } from '@temporalio/activity';
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

describe('a backup that someone asks for', () => {
  it('is taken when a report has ended it that calls servers gone which are there', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(written({ backup: {} }));
      const { uid, nodes } = await cluster.healthy();
      let begun = 0;
      fake.before = async (name) => {
        if (name !== 'saveBackup') return;
        begun += 1;
        if (begun === 1) await untilCancelled();
      };
      await cluster.workflow.signal('backup', {});
      await expect.poll(() => begun).toBe(1);

      // Act
      const seen = nodes.slice(2).map(({ instanceId }) => ({ id: instanceId, state: 'running' }));
      await cluster.workflow.signal('reconcile', { reason: 'the test', regionReport: { uid, whole: true, seen } });
      const { backup, operations } = await cluster.until(({ operation, operations: [, one] }) => !operation && !!one);

      // Assess
      expect(fake.backups).toHaveLength(1);
      expect(backup).toMatchObject({ asked: false, id: expect.any(String), problem: null });
      expect(operations.slice(1)).toMatchObject([{ kind: 'backup', outcome: 'done' }]);
    }));
});

/** Goes on until it is cancelled, which an activity hears by its heartbeats. */
async function untilCancelled(): Promise<void> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 1_000);
  await context.cancelled.finally(() => clearInterval(beat));
}
