import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

it('makes a cluster of a hundred agents that all take their steps at the same time, and changes them', () =>
  fixture.withWorker(async ({ start }) => {
    // Prepare: what a step costs must not grow with the steps of the others, or a workflow task takes longer than Temporal gives it
    const spec = (log: string) => ({
      mode: 'dev',
      pools: [{ name: 'workers', count: 100, instanceType: 't3.large' }],
      k3s: { version: 'v1.34.2+k3s1', config: { 'kubelet-arg': [log] } },
      upgrade: { maxUnavailable: '20%' },
    });
    const cluster = await start(written(spec('v=2')));
    const made = await cluster.settled('Running');

    // Act
    await cluster.workflow.executeUpdate('apply', { args: [{ document: written(spec('v=3')) }] });
    const changed = await cluster.settled('Running');

    // Assess
    expect(made.nodes).toHaveLength(101);
    expect(changed.operations.at(-1)).toMatchObject({ kind: 'update', outcome: 'done' });
  }));
