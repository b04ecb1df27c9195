// Bundles the built workflows, as workers load them and as tests do: one list of what workflows share.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const inDist = (path) => join(root, 'dist', path);
const oneStorage = inDist('temporal/one-storage.cjs');

/**
 * Returns the code of a bundle of `dist/workflows`.
 *
 * @param interceptors files of workflow interceptors, absolute: those of tests
 */
export async function bundleWorkflows(interceptors = []) {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const quiet = { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({
    workflowsPath: inDist('workflows/index.js'),
    workflowInterceptorModules: [...interceptors],
    failureConverterPath: inDist('temporal/failures.cjs'),
    preloadModules: sharedModules(),
    webpackConfigHook: withOneStorage,
    logger: quiet,
  });
  return withoutSources(code);
}

/**
 * What workflows import of the model, and zod with it: loaded once for all workflows of a worker, and not once for each that it
 * caches. The model keeps nothing between two calls, so that sharing it shares no state. [docs/adr/0071]
 */
function sharedModules() {
  const imported = (file) =>
    Array.from(readFileSync(file, 'utf8').matchAll(/ from '(\.[^']*\/model\/[^']+)'/g), ([, path]) =>
      join(dirname(file), path),
    );
  const files = readdirSync(inDist('workflows'), { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => inDist(`workflows/${name}`))
    .sort();
  const model = new Set(files.flatMap(imported));
  return [...model, oneStorage, inDist('temporal/shared-modules.cjs')];
}

/** The SDK's modules take AsyncLocalStorage from the global scope: in the bundle this one stands there. */
function withOneStorage(config) {
  const { ProvidePlugin } = createRequire(createRequire(import.meta.url).resolve('@temporalio/worker'))('webpack');
  const provided = new ProvidePlugin({ 'globalThis.AsyncLocalStorage': oneStorage });
  return { ...config, plugins: [...(config.plugins ?? []), provided] };
}

/**
 * The bundle's source map gives stacks their lines; the texts of all sources in it are read by no one, and are a third of what each worker parses before it takes work.
 */
export function withoutSources(code) {
  const [start, map] = code.split(/(?<=sourceMappingURL=data:[^\n]*base64,)/);
  const { sourcesContent: _, ...lines } = JSON.parse(Buffer.from(map, 'base64').toString());
  return start + Buffer.from(JSON.stringify(lines)).toString('base64');
}
