import { defineConfig } from 'vitest/config';

/** Tests that start servers, workers or instances share two cores: one file at a time, after the quick ones. */
const oneFileAtATime = { fileParallelism: false, pool: 'forks' } as const;

const minutes = (n: number) => n * 60_000;

export default defineConfig({
  test: {
    reporters: ['default', './scripts/summary-reporter.mjs'],
    // No retries anywhere: a test that passes at the second try hides a race, and races are what this program is about.
    retry: 0,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'workflow',
          include: ['test/workflow/**/*.test.ts'],
          ...oneFileAtATime,
          testTimeout: minutes(2),
          hookTimeout: minutes(2),
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'replay',
          include: ['test/replay/**/*.test.ts'],
          ...oneFileAtATime,
          testTimeout: minutes(2),
          hookTimeout: minutes(2),
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'aws',
          include: ['test/aws/**/*.test.ts'],
          ...oneFileAtATime,
          testTimeout: minutes(1),
          // The first run installs moto.
          hookTimeout: minutes(4),
          sequence: { groupOrder: 4 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          ...oneFileAtATime,
          testTimeout: minutes(3),
          hookTimeout: minutes(4),
          sequence: { groupOrder: 5 },
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          ...oneFileAtATime,
          testTimeout: minutes(4),
          hookTimeout: minutes(4),
          sequence: { groupOrder: 6 },
        },
      },
    ],
  },
});
