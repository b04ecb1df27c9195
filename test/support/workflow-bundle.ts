import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/workflow-bundles');
const DAY_MS = 24 * 3_600_000;
const COMMON = ['package-lock.json', 'tsconfig.json', 'test/support/workflow-bundle.ts'];

/**
 * Returns the bundle of the workflows in `src`. It takes the bundle from a folder of bundles when these sources were bundled before: webpack needs
 * five seconds of CPU time, and some thirty test files use the same bundle. The global setup makes it before they start.
 *
 * @param interceptors files of workflow interceptors, absolute
 */
export async function workflowBundle(interceptors: readonly string[] = []): Promise<WorkflowBundle> {
  const file = join(CACHE, `${digestOfSources(interceptors)}.js`);
  if (!existsSync(file)) await bundleTo(file, interceptors);
  return { code: readFileSync(file, 'utf8') };
}

/** Another process may bundle the same: the name appears when the file is whole. */
async function bundleTo(file: string, interceptors: readonly string[]): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(ROOT, 'src/workflows/index.ts'),
    workflowInterceptorModules: [...interceptors],
    logger: new DefaultLogger('ERROR'),
  });
  mkdirSync(dirname(file), { recursive: true });
  removeOld();
  const partial = `${file}.${randomUUID()}`;
  writeFileSync(partial, code);
  renameSync(partial, file);
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
