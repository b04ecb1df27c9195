import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  // A new history is suggested so early that it falls into the middle of the rollout.
  fixture = await openWorkflowFixture(['--dynamic-config-value', 'limit.historyCount.suggestContinueAsNew=120']);
});
afterAll(() => fixture.close());

describe('a rollout', () => {
  it('takes as many agents away side by side as upgrade.maxUnavailable says, and never more, across new histories', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const spec = (version: string) => ({
        mode: 'dev',
        pools: [{ name: 'workers', count: 8, instanceType: 't3.large' }],
        k3s: { version },
        upgrade: { maxUnavailable: '25%', drain: { force: true, deleteEmptyDir: false } },
      });
      const cluster = await start(written(spec('v1.34.1+k3s1')));
      await cluster.settled('Running');
      const away = new Set<string>();
      const counts: number[] = [];
      fake.onJob = ({ script, params }) => {
        const node = params['NODE_NAME'] ?? '';
        if (!node.startsWith('demo-workers-')) return null;
        if (script === 'drain') counts.push(away.add(node).size);
        if (script === 'uncordon') away.delete(node);
        return null;
      };
      // Act
      await cluster.workflow.executeUpdate('apply', { args: [{ document: written(spec('v1.34.2+k3s1')) }] });
      const status = await cluster.settled('Running');
      // Assess
      expect(Math.max(...counts)).toBe(2);
      expect(counts).toHaveLength(8);
      expect(away.size).toBe(0);
      expect(status.operations.at(-1)).toMatchObject({ kind: 'update', outcome: 'done' });
      const drains = fake.jobs.filter((job) => job.script === 'drain').map((job) => job.params);
      expect(drains.every((one) => one['DRAIN_FORCE'] === 'true' && one['DRAIN_EMPTY_DIR'] === undefined)).toBe(true);
    }));
});
