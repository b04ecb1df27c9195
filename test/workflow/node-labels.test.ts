import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeActivities } from './fake-activities.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const withPool = (fields: Record<string, unknown>) =>
  written({ mode: 'dev', pools: [{ name: 'workers', count: 2, instanceType: 't3.large', ...fields }] });
const scripts = (fake: FakeActivities, from: number) => fake.jobs.slice(from).map(({ script }) => script);

describe('labels and taints of a pool that runs', () => {
  it('are written to the nodes for their next start, then set through the API, and nothing is restarted', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(withPool({ labels: { tier: 'old' }, taints: [] }));
      await cluster.healthy();
      const jobs = fake.jobs.length;

      // Act
      const document = withPool({ labels: { disk: 'ssd' }, taints: ['dedicated=batch:NoSchedule'] });
      await cluster.workflow.signal('apply', { document });
      const status = await cluster.until(
        (seen) => seen.operations.at(-1)?.kind === 'update' && seen.operation === null,
      );

      // Assess
      expect(status.operations.at(-1)).toMatchObject({ outcome: 'done', steps: [{ id: 'label-nodes' }] });
      // One of each zone: what they write says which.
      expect(scripts(fake, jobs)).toEqual(['write-labels', 'write-labels', 'label-nodes']);
      const [file, , api] = fake.jobs.slice(jobs);
      expect(file?.params['TAINTS']).toBe('node-taint: ["dedicated=batch:NoSchedule"]');
      expect(file?.params['LABELS']).toMatch(
        /^node-label: \["disk=ssd","node.kubernetes.io\/instance-type=t3.large",.*"topology.kubernetes.io\/zone=eu-west-1a"\]$/,
      );
      const lines = api?.params['NODE_LABELS']?.split('\n') ?? [];
      expect(lines.filter((line) => !line.includes('kubernetes.io/'))).toEqual(
        ['demo-workers-0-g1', 'demo-workers-1-g1'].flatMap((name) =>
          ['label disk=ssd', 'taint dedicated=batch:NoSchedule', 'unlabel tier=old'].map((what) => `${name} ${what}`),
        ),
      );
    }));
});
