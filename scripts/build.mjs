// Compiles src/ to dist/, copies the node scripts beside their renderer, and bundles the workflows ahead of time
// with the worker's own version, so that a worker starts without a compiler. A second run without changes is quick.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);

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
for (const bin of ['dist/client.js']) if (existsSync(bin)) chmodSync(bin, 0o755);

if (existsSync('dist/workflows/index.js')) {
  const inputs = ['dist/workflows', 'dist/model'].flatMap((dir) =>
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.js'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const hash = createHash('sha256').update(readFileSync('package.json'));
  for (const file of inputs.sort()) hash.update(file).update(readFileSync(file));
  const digest = hash.digest('hex');
  const stamp = 'dist/workflow-bundle.sha256';
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) {
    const { bundleWorkflowCode } = await import('@temporalio/worker');
    const quiet = { trace() {}, debug() {}, info() {}, log() {}, warn: console.warn, error: console.error };
    const { code } = await bundleWorkflowCode({ workflowsPath: join(root, 'dist/workflows/index.js'), logger: quiet });
    writeFileSync('dist/workflow-bundle.js', code);
    writeFileSync(stamp, digest);
  }
}
