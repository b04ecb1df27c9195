// npm run check: everything that can be said about the code without running it, side by side.
//   npm run check                  all
//   npm run check -- lint types    only these
//   npm run check -- --fix         let Biome rewrite what it can
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onPath, pythonTool } from './tools/python.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const fix = process.argv.includes('--fix');
const colours = process.stdout.isTTY === true;

const node = (script, ...args) => ({ command: process.execPath, args: [join('node_modules', script), ...args] });

/** Slowest first: with two cores the long ones set the pace. */
const checks = {
  lint: () => node('eslint/bin/eslint.js', ...(colours ? ['--color'] : []), '--max-warnings=0', '.'),
  types: () => node('typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'),
  boundaries: () =>
    node(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      '--output-type',
      'err-long',
      'src',
      'packages',
      'test',
    ),
  'dead-code': () => node('knip/bin/knip.js', '--no-progress'),
  format: () =>
    node(
      '@biomejs/biome/bin/biome',
      fix ? 'check' : 'ci',
      ...(fix ? ['--write'] : []),
      `--colors=${colours ? 'force' : 'off'}`,
      '--error-on-warnings',
      '.',
    ),
  docs: () => ({ command: process.execPath, args: ['scripts/docs.mjs', '--check'] }),
  outputs: () => ({ command: process.execPath, args: ['scripts/output-schema.mjs', '--check'] }),
  words: () => node('textlint/bin/textlint.js', ...(fix ? ['--fix'] : []), ...proseFiles()),
  lock: () => ({ command: process.execPath, args: ['scripts/lock.mjs'] }),
  'aws-tables': () => ({ command: process.execPath, args: ['scripts/aws-tables.mjs', '--check'] }),
  shell: async () => ({
    command: onPath('shellcheck') ?? join(await pythonTool('shellcheck'), 'shellcheck'),
    args: ['--', ...shellScripts()],
  }),
};

/** Everything with sentences in it: pages, comments, messages, help texts, titles of tests. The list is .textlintrc.json. */
function proseFiles() {
  const folders = ['src', 'packages', 'test', 'bench', 'scripts', 'docs', 'deploy', 'examples'];
  const inFolders = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => join(folder, name)),
  );
  return [...readdirSync('.').filter((name) => name.endsWith('.md')), ...inFolders].filter(
    (path) => /\.(md|ts|mjs|sh|ya?ml)$/.test(path) && !/(^|\/)(node_modules|dist)\//.test(path),
  );
}

/** Everything a shell will read: by ending, or by its first line. */
function shellScripts() {
  return ['src', 'packages/aws-simulator/src', 'examples', 'scripts', 'deploy', '.ci'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter(
        (path) =>
          path.endsWith('.sh') ||
          (!/\.\w+$/.test(path) && /^#!.*\b(ba)?sh\b/.test(readFileSync(path, 'utf8').split('\n', 1)[0])),
      ),
  );
}

/** Runs one check and reports it. Resolves with whether it passed. */
async function run(name) {
  const started = performance.now();
  let output = '';
  let passed = false;
  try {
    const { command, args } = await checks[name]();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    passed = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code === 0));
    });
  } catch (error) {
    output += error.message;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${name.padEnd(10)} ${seconds} s`);
  if (!passed) console.log(output.trimEnd().replace(/^/gm, '     '));
  return passed;
}

const unknown = wanted.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
  process.exit(2);
}

const queue = wanted.length > 0 ? wanted : Object.keys(checks);
const total = queue.length;
let failed = 0;
await Promise.all(
  Array.from({ length: Math.max(2, availableParallelism()) }, async () => {
    for (let name = queue.shift(); name; name = queue.shift()) if (!(await run(name))) failed += 1;
  }),
);
console.log(failed === 0 ? `check: all ${total} fine` : `check: ${failed} of ${total} failed`);
process.exit(failed === 0 ? 0 : 1);
