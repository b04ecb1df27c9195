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

/** As many as there are cores on a small machine: by default vitest takes one less. */
const quick = { pool: 'forks', maxWorkers: 2, sequence: { groupOrder: 1 } } as const;
/**
 * Tests that start servers, workers and instances, each file its own, come after the quick ones. They wait more than they
 * compute: three files keep two cores busy. A project's group and its number of workers go together.
 */
const sideBySide = { pool: 'forks', maxWorkers: 3, sequence: { groupOrder: 2 } } as const;

const minutes = (n: number) => n * 60_000;

const PROJECTS = {
  unit: { ...quick, testTimeout: 30_000 },
  workflow: { ...sideBySide, testTimeout: minutes(2), hookTimeout: minutes(2) },
  replay: { ...sideBySide, testTimeout: minutes(2), hookTimeout: minutes(2) },
  // The first run installs moto.
  aws: { ...sideBySide, testTimeout: minutes(1), hookTimeout: minutes(4) },
  e2e: { ...sideBySide, testTimeout: minutes(3), hookTimeout: minutes(4) },
  chaos: { ...sideBySide, testTimeout: minutes(4), hookTimeout: minutes(4) },
};
type Project = keyof typeof PROJECTS;

const WHOLE = '**/*';
/**
 * What `npm test` (mode `quick`) runs of each project: a few minutes that touch every part. `npm run test:nightly` (mode `nightly`) runs the
 * rest, `.ci/run` both. Without a mode there is all, so that each file can be named on the command line.
 */
const QUICK: Record<Project, readonly string[]> = {
  unit: [WHOLE],
  replay: [WHOLE],
  workflow: ['cluster', 'quorum-gate', 'repair'],
  aws: [],
  e2e: ['care', 'cli', 'ha', 'launch-dies', 'tour'],
  chaos: ['walk'],
};

/** Of the projects that mode `quick` runs whole, the files that wait for mode `nightly`: each takes more than ten seconds. */
const SLOW: Partial<Record<Project, readonly string[]>> = {
  unit: ['node/shellcheck', 'node/year', 'region/k3s/scripts'],
};

/** The files of a project in a mode; null for none. */
function filesOf(project: Project, mode: string): { include: string[]; exclude?: string[] } | null {
  const files = (names: readonly string[]) => names.map((name) => `test/${project}/${name}.test.ts`);
  const [some, slow] = [QUICK[project], SLOW[project] ?? []];
  if (mode === 'quick') return some.length === 0 ? null : { include: files(some), exclude: files(slow) };
  if (mode !== 'nightly') return { include: files([WHOLE]) };
  if (!some.includes(WHOLE)) return { include: files([WHOLE]), exclude: files(some) };
  return slow.length === 0 ? null : { include: files(slow) };
}

export default defineConfig(({ mode }) => ({
  test: {
    reporters: ['default', './scripts/summary-reporter.mjs'],
    // No retries anywhere: a test that passes at the second try hides a race, and races are what this program is about.
    retry: 0,
    sequence: { sequencer: LongestFirst },
    projects: (Object.keys(PROJECTS) as Project[]).flatMap((name) => {
      const files = filesOf(name, mode);
      return files === null ? [] : { extends: true as const, test: { name, ...files, ...PROJECTS[name] } };
    }),
  },
}));
