import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The command first: what does not keep its contract cannot carry a cluster. Then by name, so that tables are alike. */
class ContractFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): string =>
      moduleId.endsWith('/host-command.test.ts') ? '' : moduleId;
    return files.toSorted((a, b) => rank(a).localeCompare(rank(b)));
  }
}

/** `npm run test:real`: not part of `npm test`, for it wants hosts, and takes an hour. One file after the other: they share the hosts. */
export default defineConfig({
  test: {
    name: 'real',
    include: ['test/real/**/*.test.ts'],
    reporters: ['verbose', './scripts/summary-reporter.mjs'],
    pool: 'forks',
    fileParallelism: false,
    sequence: { sequencer: ContractFirst },
    // What comes after a scenario that failed has another cluster before it than it expects.
    bail: 1,
    retry: 0,
    testTimeout: 40 * 60_000,
    hookTimeout: 5 * 60_000,
  },
});
