import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Longest first, that none of them goes on alone at the end: the year computes, those that kill and freeze wait. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number =>
      moduleId.endsWith('/year.test.ts') ? 0 : moduleId.includes('/test/chaos/') ? 1 : 2;
    return [0, 1, 2].flatMap((wanted) => sorted.filter((file) => rank(file) === wanted));
  }
}

/** As many as there are cores on a small machine: by itself vitest takes one less. */
const quick = { pool: 'forks', maxWorkers: 2, sequence: { groupOrder: 1 } } as const;
/**
 * Tests that start servers, workers and instances, each file its own, come after the quick ones. They wait more than they
 * compute: three files keep two cores busy. A project's group and its number of workers go together.
 */
const sideBySide = { pool: 'forks', maxWorkers: 3, sequence: { groupOrder: 2 } } as const;

const minutes = (n: number) => n * 60_000;

export default defineConfig({
  test: {
    reporters: ['default', './scripts/summary-reporter.mjs'],
    // No retries anywhere: a test that passes at the second try hides a race, and races are what this program is about.
    retry: 0,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...quick, testTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: 'workflow',
          include: ['test/workflow/**/*.test.ts'],
          ...sideBySide,
          testTimeout: minutes(2),
          hookTimeout: minutes(2),
        },
      },
      {
        extends: true,
        test: {
          name: 'replay',
          include: ['test/replay/**/*.test.ts'],
          ...sideBySide,
          testTimeout: minutes(2),
          hookTimeout: minutes(2),
        },
      },
      {
        extends: true,
        test: {
          name: 'aws',
          include: ['test/aws/**/*.test.ts'],
          ...sideBySide,
          testTimeout: minutes(1),
          // The first run installs moto.
          hookTimeout: minutes(4),
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          ...sideBySide,
          testTimeout: minutes(3),
          hookTimeout: minutes(4),
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          ...sideBySide,
          testTimeout: minutes(4),
          hookTimeout: minutes(4),
        },
      },
    ],
  },
});
