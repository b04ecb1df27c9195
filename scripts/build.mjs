// Compiles src/ to dist/, copies the node scripts beside their renderer, and bundles ahead of time: the workflows with the
// worker's own version, so that a worker starts without a compiler; the CLI, for it starts once a command, and of a
// command's time most went into finding and reading some 1,500 small files; and the worker, for which a cluster may wait when
// another one was killed. A second run without changes does nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

const filesUnder = (folder, keep = () => true) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && keep(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** Of names and contents, so that a file renamed or taken away counts as a change. */
const digestOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
};

const done = 'dist/build.sha256';
const sources = digestOf([
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'],
  ...filesUnder('src'),
]);
if (existsSync(done) && readFileSync(done, 'utf8') === sources) process.exit(0);
rmSync(done, { force: true });

const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

// Assets that are not TypeScript keep their place relative to the module that reads them.
for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.ts') || entry.name.endsWith('.md')) continue;
  const from = join(entry.parentPath, entry.name);
  const to = join('dist', from.slice('src/'.length));
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}

const isOurs = (name) => name.endsWith('.js');
const workflows = digestOf([
  'package-lock.json',
  ...filesUnder('dist/workflows', isOurs),
  ...filesUnder('dist/model', isOurs),
]);
const stamp = 'dist/workflow-bundle.sha256';
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== workflows) {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const quiet = { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error };
  const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'dist/workflows/index.js'), logger: quiet });
  writeFileSync('dist/workflow-bundle.js', code);
  writeFileSync(stamp, workflows);
}

rmSync('dist/bin', { recursive: true, force: true });
const common = {
  outdir: 'dist/bin',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // ES modules where there are any: only what is used of them comes along.
  mainFields: ['module', 'main'],
  legalComments: 'linked',
  // Names stay, for stacks.
  minifyWhitespace: true,
  logLevel: 'warning',
  // What comes in CommonJS asks for Node's own modules by `require`, which an ES module does not have.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
};
// A verb's code is read when it is run.
await bundle({ ...common, entryPoints: { keelson: 'dist/client.js' }, splitting: true });
await bundle({
  ...common,
  entryPoints: { worker: 'dist/worker.js' },
  // Temporal's SDK and the logger find native code and threads of theirs beside themselves, the renderer its scripts.
  external: ['@temporalio/*', 'pino', './dist/node/*'],
});
chmodSync('dist/bin/keelson.js', 0o755);
writeFileSync(done, sources);
