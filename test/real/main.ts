/**
 * `npm run test:real [-- FILES or vitest's options] [--keep]`: the end-to-end tests on real hosts; with --keep the rows of a run that
 * has passed become those that the docs show (test/real/results.json; then `node scripts/docs.mjs`). Ends with 2 and one message where something is
 * missing, and takes away every host that it has made, also after a signal.
 */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeLeftHosts } from '../../packages/aws-simulator/src/hosts/ledger.js';
import { type Surroundings, surroundings } from './support/requirements.js';
import { clearRows, FOLDER, keptWith, type Results, writeResults } from './support/results.js';

const KEPT = 'test/real/results.json';

async function main({ hosts, mirror, versions }: Surroundings): Promise<number> {
  const regionFolder = join(FOLDER, 'stack/region');
  await removeLeftHosts(hosts.command, regionFolder);
  clearRows();
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/real/vitest.config.ts',
    ...process.argv.slice(2).filter((argument) => argument !== '--keep'),
  ];
  const env = { ...process.env, KEELSON_K3S_MIRROR: mirror };
  const tests = spawn(process.execPath, args, { stdio: 'inherit', env });
  // The region takes its hosts away when vitest, and with it the stack, has gone; what it could not is taken away below.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => tests.kill(signal));
  const code = await new Promise<number>((resolve) => tests.once('exit', (exit) => resolve(exit ?? 1)));
  process.stdout.write(`\n${writeResults(versions)}\nresults in ${FOLDER}\n`);
  const left = await removeLeftHosts(hosts.command, regionFolder);
  if (left.length > 0) process.stdout.write(`took away hosts that were left: ${left.join(', ')}\n`);
  if (code === 0 && process.argv.includes('--keep')) {
    const run = JSON.parse(readFileSync(join(FOLDER, 'results.json'), 'utf8')) as Results;
    const kept = JSON.parse(readFileSync(KEPT, 'utf8')) as Parameters<typeof keptWith>[0];
    writeFileSync(KEPT, `${JSON.stringify(keptWith(kept, run), null, 2)}\n`);
  }
  return code;
}

try {
  process.exitCode = await main(await surroundings());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
