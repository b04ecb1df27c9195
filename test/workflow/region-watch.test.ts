import { describe, expect, it } from 'vitest';
import { FakeActivities } from './fake-activities.js';
import { openSkippedTime } from './support/time-skipping.js';

describe('the watch of a region', () => {
  it('goes on hour after hour, carries its pictures, and ends after the last cluster', async () => {
    // Prepare
    const fake = new FakeActivities();
    const inputs: (string | null)[] = [];
    const watchRegion = fake.activities.watchRegion;
    const time = await openSkippedTime({
      ...fake,
      activities: {
        ...fake.activities,
        watchRegion: async (input) => {
          inputs.push(input.pictures);
          await watchRegion(input);
          if (inputs.length === 2) throw new Error('the worker had a bad day');
          return { ended: inputs.length === 40 ? 'empty' : 'time', pictures: `after ${inputs.length}`, told: '' };
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
    } finally {
      await time.close();
    }
  });
});
