import '../../../src/config/quiet-aws.js';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { Io } from '../../../src/cli/io.js';
import { runCli } from '../../../src/cli/program.js';
import { userName } from '../../../src/cli/user.js';
import { nodeTable } from '../../../src/cli/views/status.js';
import { ENV_FILE, readEnvFile, writeEnvFile } from '../../../src/config/env-file.js';
import type { StatusView } from '../../../src/model/status.js';
import { type DemoReport, measureCreate, measureEnd, passed } from './demo-report.js';
import { type Stack, startStack } from './stack.js';
import { listenForStop } from './until-signal.js';

const EXAMPLE = fileURLToPath(new URL('../../../examples/ha.yaml', import.meta.url));
const CLUSTER = 'demo';
const DIR = '.keelson/demo';

const USAGE = `npm run demo [-- --once] [-- --json]
  creates three servers on a local stack, without an AWS account, and waits for Ctrl-C
  --once   deletes them again and ends
  --json   prints one JSON object with the times
`;

/** `npm run demo`: the whole thing on one machine, without an account and without root. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const stop = listenForStop();
  const stack = await startWithProgress();
  // Another stack of this folder keeps its place.
  const removeEnvFile = readEnvFile(ENV_FILE) === null ? writeEnvFile(ENV_FILE, stack.variables) : null;
  try {
    const started = Date.now();
    const { code, output } = await keelson(stack, stop.signal, 'apply', '-f', EXAMPLE, '--wait', '-o', 'json');
    const status = code === 0 ? (JSON.parse(output) as { status: StatusView }).status : null;
    if (stop.signal.aborted) return 130;
    let report = await measureCreate(stack, CLUSTER, status, started);
    if (status !== null && !values.json) process.stdout.write(`${invitation(stack, status, report)}\n`);
    if (!values.once) {
      if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
      if (code !== 0) return code;
      await stop.received;
      return 0;
    }
    await keelson(stack, stop.signal, 'delete', CLUSTER, '--yes', '--wait', '-o', 'json');
    report = await measureEnd(stack, report);
    if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    return status !== null && passed(report, status) ? 0 : 1;
  } finally {
    removeEnvFile?.();
    await stack.stop();
  }
}

async function startWithProgress(): Promise<Stack> {
  let stack: Stack | undefined;
  const output = new ProcessOutput(process.stderr, process.stderr);
  await new Listr(
    [
      {
        title: 'Temporal dev server, local region, worker',
        task: async (_context, task) => {
          stack = await startStack(process.env, {
            dir: DIR,
            profile: 'demo',
            ui: true,
            usualPorts: true,
            metrics: true,
            onProgress: (what) => {
              task.output = what;
            },
          });
          task.title = `Temporal at ${stack.temporal.address}, Web UI at ${stack.temporal.uiUrl}, local region at ${stack.region.url}`;
        },
      },
    ],
    {
      renderer: process.stderr.isTTY ? 'default' : 'simple',
      registerSignalListeners: false,
      rendererOptions: { logger: new ListrLogger({ processOutput: output }) },
    },
  ).run();
  if (stack === undefined) throw new Error('the stack did not start');
  return stack;
}

/** Runs the CLI as a person would; catches its data and shows its progress on stderr. */
async function keelson(
  stack: Stack,
  signal: AbortSignal,
  ...args: string[]
): Promise<{ code: number; output: string }> {
  const stdout = new PassThrough();
  let output = '';
  stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const io: Io = {
    env: stack.env,
    cwd: process.cwd(),
    stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    user: userName(),
    signal,
  };
  const code = await runCli(args, io);
  return { code, output };
}

function invitation(stack: Stack, status: StatusView, report: DemoReport): string {
  return `
${status.name} is ${status.phase} after ${report.seconds.toFixed(1)} s, of which ${report.criticalPathSeconds.toFixed(1)} s are waits for the simulated AWS and its nodes.

${nodeTable(status)}

Web UI: ${stack.temporal.uiUrl}/namespaces/default/workflows/cluster%2F${status.name}

Next, in another terminal, in this folder:
  npx keelson status ${status.name}
  npx keelson kubeconfig ${status.name} --file kubeconfig && kubectl --kubeconfig kubeconfig get nodes
  npx keelson resize ${status.name} --instance-type t3.large --wait
  npx keelson delete ${status.name} --wait

Ctrl-C ends it all.`;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
