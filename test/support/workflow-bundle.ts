import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';
import { bundleWorkflows, withoutSources } from '../../scripts/workflow-bundle.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/workflow-bundles');
const DAY_MS = 24 * 3_600_000;
const COMMON = ['package-lock.json', 'tsconfig.json', 'test/support/workflow-bundle.ts', 'scripts/workflow-bundle.mjs'];

/**
 * Returns the bundle that `npm run build` has made for workers: workflows share the model and zod. Each workflow that starts, or goes on in a new history,
 * would else evaluate both again, which was most of what workflow tests computed. [docs/adr/0071]
 *
 * @param interceptors files of workflow interceptors, absolute; with them another bundle of the same modules is made
 */
export async function builtBundle(interceptors: readonly string[] = []): Promise<WorkflowBundle> {
  const built = readFileSync(join(ROOT, 'dist/workflow-bundle.js'), 'utf8');
  if (interceptors.length === 0) return { code: built };
  const hash = createHash('sha256').update(built);
  for (const file of [...COMMON.map((name) => join(ROOT, name)), ...interceptors]) hash.update(readFileSync(file));
  return await cached(hash.digest('hex'), () => bundleWorkflows(interceptors));
}

/**
 * Returns the bundle of the workflows in `src`, each of which evaluates all of its modules: what was recorded with the other one replays with this one,
 * too.
 *
 * @param interceptors files of workflow interceptors, absolute
 */
export async function workflowBundle(interceptors: readonly string[] = []): Promise<WorkflowBundle> {
  return await cached(digestOfSources(interceptors), async () => {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(ROOT, 'src/workflows/index.ts'),
      workflowInterceptorModules: [...interceptors],
      logger: new DefaultLogger('ERROR'),
    });
    return withoutSources(code);
  });
}

/**
 * Takes a bundle from a folder of bundles when it was made before: webpack needs five seconds of CPU time, and several test files use the same. Another
 * process may make it meanwhile: the name appears when the file is whole.
 */
async function cached(digest: string, make: () => Promise<string>): Promise<WorkflowBundle> {
  const file = join(CACHE, `${digest}.js`);
  if (!existsSync(file)) {
    const code = await make();
    mkdirSync(dirname(file), { recursive: true });
    removeOld();
    const partial = `${file}.${randomUUID()}`;
    writeFileSync(partial, code);
    renameSync(partial, file);
  }
  return { code: readFileSync(file, 'utf8') };
}

/** Six megabytes for each change of a source would fill the disk of a person who works on the workflows. */
function removeOld(): void {
  for (const name of readdirSync(CACHE)) {
    const file = join(CACHE, name);
    if (Date.now() - statSync(file).mtimeMs > DAY_MS) rmSync(file, { force: true });
  }
}

/** Of names and contents of all that a bundle is made of, so that no test runs code of yesterday. */
function digestOfSources(interceptors: readonly string[]): string {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of [...COMMON.map((name) => join(ROOT, name)), ...sources, ...interceptors]) {
    hash.update(`${file}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}
