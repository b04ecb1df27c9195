import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
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
      const drains = new Set<string>();
      fake.onJob = ({ script, params, jobId }) => {
        const node = params['NODE_NAME'] ?? '';
        if (!node.startsWith('demo-workers-')) return null;
        // A new history takes a drain that is under way up by its id, and the node runs it once.
        if (script === 'drain' && !drains.has(jobId)) counts.push(away.add(node).size);
        if (script === 'drain') drains.add(jobId);
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
      const asked = fake.jobs.filter((job) => job.script === 'drain').map((job) => job.params);
      expect(asked.every((one) => one['DRAIN_FORCE'] === 'true' && one['DRAIN_EMPTY_DIR'] === undefined)).toBe(true);
    }));

  it('goes on with the other agents while one is drained for long, and takes its drain up again in each new history', () =>
    fixture.withWorker(async ({ client, fake, start }) => {
      // Prepare: a PodDisruptionBudget holds the first agent until all others are changed
      const spec = (instanceType: string) => ({
        mode: 'dev',
        pools: [{ name: 'workers', count: 8, instanceType }],
        upgrade: { maxUnavailable: '25%' },
      });
      const cluster = await start(written(spec('t3.large')));
      await cluster.settled('Running');
      let letGo: () => void = () => undefined;
      const gone = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const drains: string[] = [];
      fake.onJob = async ({ script, params, jobId }) => {
        if (script !== 'drain' || params['NODE_NAME'] !== 'demo-workers-0-g1') return null;
        if (params['DRAIN_FIRST'] !== undefined)
          return { outcome: 'done', exitCode: 0, result: { drained: 'false', held: 'web/cart-0' }, logTail: '' };
        drains.push(jobId);
        await gone;
        return null;
      };
      const changed = ({ nodes }: StatusView): number =>
        nodes.filter((node) => node.role === 'agent' && node.instanceType === 'm6i.large').length;
      // Act
      await cluster.workflow.executeUpdate('apply', { args: [{ document: written(spec('m6i.large')) }] });
      const held = await cluster.until((status) => changed(status) === 7);
      letGo();
      const status = await cluster.settled('Running');
      // Assess
      expect(held.lastError).toMatchObject({ code: 'DrainHeld', slot: 'workers-0' });
      expect(drains.length).toBeGreaterThan(1);
      expect(new Set(drains).size).toBe(1);
      expect(changed(status)).toBe(8);
      expect(status.lastError).toBe(null);
      const operation = status.operations.at(-1);
      expect(operation).toMatchObject({ kind: 'resize', outcome: 'done' });
      const steps = operation?.steps.map(({ id }) => id) ?? [];
      expect(new Set(steps).size).toBe(steps.length);
      const runs = client.workflow.list({ query: `WorkflowId = "${cluster.workflow.workflowId}"` });
      let count = 0;
      for await (const _run of runs) count += 1;
      expect(count).toBeGreaterThan(2);
    }));
});
