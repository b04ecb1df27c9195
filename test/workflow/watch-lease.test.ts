import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WatchInput } from '#src/activities/api.js';
import { openWorkflowFixture, type WorkflowFixture } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

describe('a region watch whose activity does not observe', () => {
  it('begins again at once, tells no one of a short failure, and tells the clusters once of one that lasts', () =>
    fixture.withWorker(async ({ client, fake, taskQueue }) => {
      // Prepare
      const runs: WatchInput[] = [];
      let phase: 'short' | 'well' | 'long' | 'over' = 'short';
      const watch = () => client.workflow.getHandle('region-watch/eu-west-1');
      fake.onWatch = async (input) => {
        runs.push(input);
        if (phase === 'short' || phase === 'long') {
          if (phase === 'short') phase = 'well';
          throw ApplicationFailure.nonRetryable('no slot was free');
        }
        // As the real one does after its first round.
        if (input.announce) await watch().signal('observing', new Date().toISOString());
        if (phase === 'over') return { ended: 'empty', digests: '', told: '' };
        // Longer than it may take to observe again.
        await new Promise((resolve) => setTimeout(resolve, 18_000));
        phase = 'long';
        return { ended: 'time', digests: '', told: '' };
      };

      // Act
      const args = [{ region: 'eu-west-1' }];
      const begun = await client.workflow.start('region-watch', {
        workflowId: 'region-watch/eu-west-1',
        taskQueue,
        args,
      });
      await expect.poll(() => phase).toBe('long');
      const toldEarly = fake.reports.length;
      await expect.poll(() => fake.reports.length).toBe(1);
      phase = 'over';
      await begun.result();

      // Assess
      expect(toldEarly).toBe(0);
      expect(fake.reports).toHaveLength(1);
      const [failure] = fake.reports[0]?.failures ?? [];
      expect(failure).toMatchObject({ code: 'RegionWatchFailed', subject: 'instances' });
      expect(failure?.message).toContain('no slot was free');
      expect(runs.slice(0, 2).map((run) => run.announce === true)).toEqual([false, true]);
      expect(runs.at(-1)).toMatchObject({ announce: true, told: null });
    }));
});
