import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture?.close());

const DAY_MS = 86_400_000;

interface Proof {
  uid: string;
  deletedAt: string;
  backupsUntil: string | null;
}

describe.concurrent('the backups of a cluster that is deleted', () => {
  it('stay as long as its document says, and go when someone says so', () =>
    fixture.withWorker(async ({ fake, start, client }) => {
      // Prepare
      const cluster = await start(written({ backup: { keepAfterDelete: '2d' } }));
      await cluster.until((status) => status.phase === 'Running' && status.operation === null);

      // Act
      await cluster.workflow.signal('delete', { confirm: 'demo' });
      const { uid, backupsUntil, deletedAt } = (await cluster.workflow.result()) as Proof;
      const kept = client.workflow.getHandle(`kept-backups/demo/${uid}`);
      const { status } = await kept.describe();
      const removed = fake.calls.includes('removeBackups');
      await kept.signal('deleteNow');

      // Assess
      const days = (Date.parse(backupsUntil ?? '') - Date.parse(deletedAt)) / DAY_MS;
      expect(days).toBeGreaterThan(1.99);
      expect(days).toBeLessThanOrEqual(2);
      expect({ status: status.name, removed }).toEqual({ status: 'RUNNING', removed: false });
      expect(await kept.result()).toEqual({ removed: 0 });
      expect(fake.calls).toContain('removeBackups');
    }));

  it('go with it where the document says so', () =>
    fixture.withWorker(async ({ fake, start, client }) => {
      // Prepare
      const cluster = await start(written({ backup: { keepAfterDelete: '0d' } }));
      await cluster.until((status) => status.phase === 'Running' && status.operation === null);

      // Act
      await cluster.workflow.signal('delete', { confirm: 'demo' });
      const { uid } = (await cluster.workflow.result()) as Proof;

      // Assess
      expect(await client.workflow.getHandle(`kept-backups/demo/${uid}`).result()).toEqual({ removed: 0 });
      expect(fake.calls).toContain('removeBackups');
    }));
});
