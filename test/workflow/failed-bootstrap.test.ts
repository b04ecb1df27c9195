import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunOnNodesInput } from '#src/activities/api.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

describe('a bootstrap that fails', () => {
  it('gives up the joins that wait for it, so that a corrected document goes on at once', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: until it is corrected the first server fails, and no join ends
      const spec = (before: string) => ({
        mode: 'dev',
        servers: { instanceType: 't3.medium', node: { before } },
        pools: [{ name: 'workers', count: 2, instanceType: 't3.large' }],
      });
      let isCorrected = false;
      fake.before = async (name, input: RunOnNodesInput) => {
        const waits = (name as string) === 'runOnNodes' && input.script === 'join' && !isCorrected;
        while (waits) {
          Context.current().heartbeat();
          await Context.current().sleep(100);
        }
      };
      fake.onJob = ({ script }) =>
        script === 'bootstrap' && !isCorrected
          ? { outcome: 'failed', exitCode: 3, result: { code: 'HookFailed' } }
          : null;

      // Act
      const cluster = await start(written(spec('false')));
      const failed = await cluster.until(
        ({ lastError, operation }) =>
          lastError !== null && operation?.steps.every(({ outcome }) => outcome !== 'running') === true,
      );
      isCorrected = true;
      await cluster.workflow.executeUpdate('apply', { args: [{ document: written(spec('true')) }] });
      const status = await cluster.settled('Running');

      // Assess
      const joins = failed.operation?.steps.filter(({ kind }) => kind === 'join') ?? [];
      expect(failed.lastError?.code).toBe('HookFailed');
      expect(joins.length).toBeGreaterThanOrEqual(2);
      expect(joins.every(({ outcome }) => outcome === 'cancelled')).toBe(true);
      expect(status.nodes.map(({ ready }) => ready)).toEqual(['True', 'True', 'True']);
      // The next try ends what an earlier one has left waiting on the node.
      const params = fake.jobs.filter(({ script }) => script === 'join').map((job) => job.params);
      expect(params.every((one) => one['TOKEN_SINCE'] === undefined || one['TAKE_OVER'] === 'true')).toBe(true);
    }));
});
