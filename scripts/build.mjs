// Compiles src/ to dist/, copies the node scripts beside their renderer, and bundles ahead of time: the workflows with the
// worker's own version, so that a worker starts without a compiler; the CLI, for it starts once a command, and of a
// command's time most went into finding and reading some 1,500 small files; and the worker, for which a cluster may wait when
// another one was killed. Each package, where there are packages (an image has none), goes to its own dist/.
// A second run without changes does nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { PROGRAM } from './program.mjs';
import { bundleWorkflows } from './workflow-bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

const filesUnder = (folder, keep = () => true) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && keep(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/** Of names and contents, so that a file renamed or removed counts as a change. */
const digestOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
};

const packages = existsSync('packages')
  ? readdirSync('packages').filter((name) => existsSync(`packages/${name}/src`))
  : [];
const done = 'dist/build.sha256';
const sources = digestOf([
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'],
  ...['scripts/build.mjs', 'scripts/program.mjs', 'scripts/workflow-bundle.mjs'],
  ...filesUnder('src'),
  ...packages.flatMap((name) => filesUnder(`packages/${name}/src`)),
]);
if (existsSync(done) && readFileSync(done, 'utf8') === sources) process.exit(0);
rmSync(done, { force: true });

const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

removeLeftovers('src', 'dist');
copyAssets('src', 'dist');
for (const name of packages) await compilePackage(`packages/${name}`);

const isOurs = (name) => name.endsWith('.js');
const workflows = digestOf([
  ...['package-lock.json', 'scripts/workflow-bundle.mjs'],
  ...filesUnder('dist/workflows', isOurs),
  ...filesUnder('dist/model', isOurs),
  ...['dist/temporal/failures.cjs', 'dist/temporal/one-storage.cjs', 'dist/temporal/shared-modules.cjs'],
]);
const stamp = 'dist/workflow-bundle.sha256';
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== workflows) {
  writeFileSync('dist/workflow-bundle.js', await bundleWorkflows());
  writeFileSync(stamp, workflows);
}

rmSync('dist/bin', { recursive: true, force: true });
const common = { ...PROGRAM, outdir: 'dist/bin' };
// The code of a command is read when it runs.
const cli = await bundle({ ...common, entryPoints: { keelson: 'dist/client.js' }, splitting: true, metafile: true });
await bundle({
  ...common,
  entryPoints: { worker: 'dist/worker.js' },
  // Temporal's SDK and the logger find native code and threads of theirs beside themselves, the renderer its scripts.
  external: ['@temporalio/*', 'pino', './dist/node-scripts/*'],
});
for (const program of ['keelson', 'worker']) chmodSync(`dist/bin/${program}.js`, 0o755);
if (existsSync('packages/cli')) fillCliPackage(Object.keys(cli.metafile.outputs));
writeFileSync(done, sources);

/** Assets that are not TypeScript keep their place relative to the module that reads them. */
function copyAssets(from, to) {
  for (const file of filesUnder(from, (name) => !/\.(ts|md)$/.test(name))) {
    const copy = join(to, relative(from, file));
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(file, copy);
  }
}

/** A module that was moved or deleted would be imported, and shipped, until someone deletes dist/. */
function removeLeftovers(from, to) {
  const made = (file) => /\.js(\.map)?$/.test(file) && !/^(bin\/|workflow-bundle\.js$)/.test(relative(to, file));
  for (const file of filesUnder(to).filter(made)) {
    const source = join(from, relative(to, file).replace(/\.js(\.map)?$/, '.ts'));
    if (!existsSync(source)) rmSync(file);
  }
}

/** The package of the CLI alone holds its part of dist/bin. */
function fillCliPackage(files) {
  const folder = 'packages/cli/dist';
  rmSync(folder, { recursive: true, force: true });
  for (const file of files) cpSync(file, join(folder, relative('dist', file)));
  cpSync('LICENSE', join(folder, 'LICENSE'));
}

/** Types are checked by `npm run check`: here they are only removed, and paths to a src/ become paths to its dist/. */
async function compilePackage(folder) {
  const [from, to] = [join(folder, 'src'), join(folder, 'dist')];
  rmSync(to, { recursive: true, force: true });
  await bundle({
    entryPoints: filesUnder(from, (name) => name.endsWith('.ts')),
    outbase: from,
    outdir: to,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [{ name: 'built-imports', setup: (build) => build.onResolve({ filter: /./ }, importOfBuilt) }],
  });
  copyAssets(from, to);
}

/** Nothing is bundled: each module stays a file of its own, and imports others as they are when built. */
function importOfBuilt({ kind, path }) {
  if (kind === 'entry-point') return undefined;
  return { external: true, path: path.replace(/^((?:\.\.\/)+(?:[\w-]+\/)?)src\//, '$1dist/') };
}
