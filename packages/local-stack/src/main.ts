import { parseArgs } from 'node:util';
import { ENV_FILE, readEnvFile, writeEnvFile } from '../../../src/config/env-file.js';
import { hostSettings } from '../../aws-simulator/src/hosts/settings.js';
import type { Child } from './children.js';
import { NODE_KINDS, PROFILE_NAMES } from './region.js';
import { type Stack, startStack } from './stack.js';
import { listenForStop } from './until-signal.js';

const USAGE = `npm run local [-- --profile NAME] [-- --nodes KIND]
  runs Temporal, a simulated AWS and a worker until Ctrl-C; variables in ${ENV_FILE}
  --profile  how fast the simulated AWS is: ${PROFILE_NAMES.join(', ')}; by default demo
  --nodes    what instances are: ${NODE_KINDS.join(', ')}; by default folders
`;

/** `npm run local`: server, region and worker, until a signal. A worker that is killed is followed by another one. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      profile: { type: 'string', default: 'demo' },
      nodes: { type: 'string', default: 'folders' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const profile = PROFILE_NAMES.find((one) => one === values.profile);
  if (profile === undefined) {
    process.stderr.write(`--profile ${values.profile}: there are ${PROFILE_NAMES.join(', ')}\n`);
    return 2;
  }
  const nodes = NODE_KINDS.find((one) => one === values.nodes);
  if (nodes === undefined) {
    process.stderr.write(`--nodes ${values.nodes}: there are ${NODE_KINDS.join(', ')}\n`);
    return 2;
  }
  const other = readEnvFile(ENV_FILE, (line) => process.stderr.write(`${line}\n`));
  if (other !== null) {
    process.stderr.write(
      `a local stack runs here already (process ${other['KEELSON_LOCAL_PID']}): use it, or stop it first\n`,
    );
    return 4;
  }
  const stop = listenForStop();
  const started = performance.now();
  const stack = await startStack(process.env, {
    dir: '.keelson/local',
    profile,
    nodes,
    hosts: hostSettings(process.env),
    ui: true,
    usualPorts: true,
  });
  let removeEnvFile: (() => void) | null = null;
  try {
    if (stop.signal.aborted) return 0;
    removeEnvFile = writeEnvFile(ENV_FILE, stack.variables);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    const { temporal, region } = stack;
    process.stdout.write(
      `ready in ${seconds} s: Temporal ${temporal.address}, Web UI ${temporal.uiUrl}, region ${region.url}; worker process ${stack.worker().pid}; variables in ${ENV_FILE}\n`,
    );
    const failed = await Promise.race([
      stop.received.then(() => null),
      ...[temporal.child, region.child].map((child) => child.ended.then(() => child)),
      keepWorker(stack, stop.signal),
    ]);
    if (failed === null || stop.signal.aborted) return 0;
    process.stderr.write(`the ${failed.name} has exited:\n${failed.logTail()}\n`);
    return 1;
  } finally {
    removeEnvFile?.();
    await stack.stop();
  }
}

/** Another worker for each that is killed, as whatever runs it in production would start one. @returns one that ended with an exit code. */
async function keepWorker(stack: Stack, stopped: AbortSignal): Promise<Child> {
  for (;;) {
    const worker = stack.worker();
    if ((await worker.ended) !== null || stopped.aborted) return worker;
    const next = await stack.startWorker();
    process.stdout.write(`the worker (process ${worker.pid}) was killed: process ${next.pid} goes on where it was\n`);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
