import { describe, expect, it } from 'vitest';
import { FakeActivities } from './fake-activities.js';
import { openSkippedTime } from './support/time-skipping.js';

describe('the watch of a region', () => {
  it('goes on hour after hour, carries its snapshots, and ends after the last cluster', async () => {
    // Prepare
    const fake = new FakeActivities();
    const inputs: (string | null)[] = [];
    const [since, at] = ['2026-03-01T12:00:00.000Z', '2026-03-01T12:59:45.000Z'];
    const saw = { since, at, instances: 7, clusters: 2, unhealthy: 1, rounds: 239, calls: 956, signals: 3 };
    const watchRegion = fake.activities.watchRegion;
    const time = await openSkippedTime({
      ...fake,
      activities: {
        ...fake.activities,
        watchRegion: async (input) => {
          inputs.push(input.digests);
          await watchRegion(input);
          if (inputs.length === 2) throw new Error('the worker had a bad day');
          return { ended: inputs.length === 40 ? 'empty' : 'time', digests: `after ${inputs.length}`, told: '', saw };
        },
      },
    } as FakeActivities);
    try {
      // Act
      const watch = await time.client.workflow.signalWithStart('region-watch', {
        workflowId: 'region-watch/eu-west-1',
        taskQueue: 'keelson',
        args: [{ region: 'eu-west-1' }],
        signal: 'wanted',
      });
      await watch.result();

      // Assess
      expect(inputs.slice(0, 4)).toEqual([null, 'after 1', 'after 1', 'after 3']);
      expect(inputs).toHaveLength(40);
      const shown = await watch.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      expect(shown.currentDetails).toContain('Observes **eu-west-1** for its clusters');
      expect(shown.currentDetails).toMatch(
        /At 2026-03-01 12:59:45Z it saw 7 instances of 2 clusters.*239 rounds, 956 calls to AWS/,
      );
    } finally {
      await time.close();
    }
  });
});
