import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { PATIENCE_MS } from './test/support/patience.js';

/** Files that take longest, in this order: none of them goes on alone at the end. The years compute, the others mostly wait. */
const LONGEST = [
  'workflow/year e2e/pages e2e/rotation. e2e/documents e2e/rotation-serves e2e/adoption e2e/paper unit/node-scripts/year aws/permissions',
  'e2e/rotation-restores e2e/restore e2e/bad-input chaos/sample e2e/gravity e2e/requests e2e/no-worker chaos/cut-off workflow/health-storm',
  'e2e/cli e2e/tour e2e/lifecycle e2e/watch e2e/trust e2e/drill e2e/volumes e2e/secrets chaos/ e2e/',
  'workflow/cluster replay/ workflow/ aws/',
].flatMap((names) => names.split(' '));

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((name) => moduleId.includes(`/test/${name}`));
      return place < 0 ? LONGEST.length : place;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** As many as there are cores on a small machine: by default vitest takes one less. */
const quick = { pool: 'forks', maxWorkers: 2, sequence: { groupOrder: 1 } } as const;
/** Of a file with a server, a simulator, a worker and command lines of its own. */
const BYTES = 2 * 1024 ** 3;
/**
 * Tests that start servers, workers and instances, each file its own, come after the quick ones. They wait more than they compute: three files used less
 * than one of two cores. A project's group and its number of workers go together.
 */
const sideBySide = {
  pool: 'forks',
  maxWorkers: Math.max(3, Math.min(3 * availableParallelism(), Math.floor(totalmem() / BYTES))),
  sequence: { groupOrder: 2 },
} as const;

/** Before the files that need it: the built program, what runs its command lines, the workflows as no worker bundles them. */
const built = { globalSetup: './test/support/build.ts' } as const;
const withCommands = { globalSetup: './test/e2e/support/bundle-commands.ts' } as const;
const bundled = { globalSetup: './test/support/bundle-workflows.ts' } as const;

const minutes = (n: number) => n * 60_000;

/** By default a poll ends after a second, which a process that has to start may need alone. */
const polls = { expect: { poll: { timeout: PATIENCE_MS, interval: 50 } } } as const;
/** Time ends only what hangs: a test has room for two waits in vain of test/support/patience.ts, which say what they waited for. */
const patient = { testTimeout: minutes(15), hookTimeout: minutes(15), ...polls } as const;

/** Most of these ask a cluster for its status, which costs as much as a process: see `nextLook` in test/support/patience.ts. */
const rarer = { expect: { poll: { timeout: PATIENCE_MS, interval: 200 } } } as const;

/** Files share processes: most of the time of a short one goes into importing what the one before has imported. */
const shared = { isolate: false, setupFiles: './test/support/as-before.ts' } as const;
/** Time ends what hangs, as above: a property of ten seconds took 155 under load. */
const unhurried = { testTimeout: minutes(10), hookTimeout: minutes(10), ...polls } as const;

const PROJECTS = {
  unit: { ...quick, ...shared, ...unhurried },
  workflow: { ...sideBySide, ...shared, ...patient, ...built },
  replay: { ...sideBySide, ...shared, ...patient, ...bundled },
  aws: { ...sideBySide, ...shared, ...patient },
  e2e: { ...sideBySide, ...shared, ...patient, ...rarer, ...withCommands },
  chaos: { ...sideBySide, ...shared, ...patient },
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
  e2e: ['health', 'cli', 'ha', 'launch-dies', 'tour'],
  chaos: ['walk'],
};

/** Of the projects that mode `quick` runs whole, the files that wait for mode `nightly`: each takes more than ten seconds. */
const SLOW: Partial<Record<Project, readonly string[]>> = {
  unit: ['node-scripts/shellcheck', 'node-scripts/year', 'region/k3s/scripts'],
};

/** The files of a project in a mode; null for none. */
function filesOf(project: Project, mode: string): { include: string[]; exclude?: string[] } | null {
  const files = (names: readonly string[]) => names.map((name) => fileOf(project, name));
  const [some, slow] = [QUICK[project], SLOW[project] ?? []];
  if (mode === 'quick') return some.length === 0 ? null : { include: files(some), exclude: files(slow) };
  if (mode !== 'nightly') return { include: files([WHOLE]) };
  if (!some.includes(WHOLE)) return { include: files([WHOLE]), exclude: files(some) };
  return slow.length === 0 ? null : { include: files(slow) };
}

/** A name of the lists above that is not a file would leave its tests out of one mode, silently. */
function fileOf(project: Project, name: string): string {
  const file = `test/${project}/${name}.test.ts`;
  if (name !== WHOLE && !existsSync(file)) throw new Error(`vitest.config.ts names ${file}, which does not exist`);
  return file;
}

export default defineConfig(({ mode }) => ({
  test: {
    reporters: ['default', './scripts/summary-reporter.mjs'],
    // No retries anywhere: a test that passes at the second try hides a race, and races are what this program is about.
    retry: 0,
    sequence: { sequencer: LongestFirst },
    projects: (Object.keys(PROJECTS) as Project[]).flatMap((name) => {
      const files = filesOf(name, mode);
      // The slow files compute while others wait.
      const place = name === 'unit' && mode === 'nightly' ? sideBySide : {};
      return files === null ? [] : { extends: true as const, test: { name, ...files, ...PROJECTS[name], ...place } };
    }),
  },
}));
