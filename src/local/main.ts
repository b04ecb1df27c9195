import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { localEnvFile, parseLocalEnvFile } from './local-env.js';
import type { ProfileName } from './region.js';
import { startStack } from './stack.js';
import { listenForStop } from './until-signal.js';

const PROFILES: readonly ProfileName[] = ['fast', 'demo', 'aws'];

/** `npm run local`: server, region and worker, until a signal. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { profile: { type: 'string', default: 'demo' }, dir: { type: 'string', default: '.keelson' } },
  });
  const profile = PROFILES.find((one) => one === values.profile);
  if (profile === undefined) {
    process.stderr.write(`--profile ${values.profile}: there are ${PROFILES.join(', ')}\n`);
    return 2;
  }
  const file = join(values.dir, 'local.env');
  const other = runningStack(file);
  if (other !== null) {
    process.stderr.write(
      `a local stack runs already (process ${other}, ${relative('.', file)}): use it, or stop it first\n`,
    );
    return 4;
  }
  const stop = listenForStop();
  mkdirSync(values.dir, { recursive: true });
  const started = performance.now();
  const stack = await startStack(process.env, { dir: join(values.dir, 'local'), profile, ui: true, usualPorts: true });
  try {
    if (stop.signal.aborted) return 0;
    writeFileSync(file, localEnvFile(stack.variables, process.pid), { mode: 0o600 });
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    process.stdout.write(
      `ready in ${seconds} s: Temporal ${stack.temporal.address}, Web UI ${stack.temporal.uiUrl}, region ${stack.region.url}; . ${relative('.', file)}\n`,
    );
    const failed = await Promise.race([
      stop.received.then(() => null),
      ...[stack.temporal.child, stack.region.child, stack.worker()].map((child) => child.ended.then(() => child)),
    ]);
    if (failed === null || stop.signal.aborted) return 0;
    process.stderr.write(`the ${failed.name} has ended by itself:\n${failed.logTail()}\n`);
    return 1;
  } finally {
    rmSync(file, { force: true });
    await stack.stop();
  }
}

/** Process id of the stack that the file tells of, if that is alive. */
function runningStack(file: string): number | null {
  try {
    const pid = Number(parseLocalEnvFile(readFileSync(file, 'utf8'))['KEELSON_LOCAL_PID']);
    process.kill(pid, 0);
    return pid;
  } catch {
    return null;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
