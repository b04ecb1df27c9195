import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { INTERCEPTORS } from '#src/cli/clusters/interceptors.js';
import type { CallerName } from '../../packages/aws-simulator/src/credentials.js';
import { keyVariables } from '../../packages/local-stack/src/local-env.js';
import type { Stack, StackOptions } from '../../packages/local-stack/src/stack.js';
import { faultsOf } from '../support/outputs.js';
import { PATIENCE_MS } from '../support/patience.js';
import { type CommandHost, createCommandHost, type Ran } from './support/command-host.js';

export type { Ran };

/** The built program, as people get it. */
export const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
export const LOCAL_STACK = fileURLToPath(new URL('../../packages/local-stack/dist/', import.meta.url));

const { startStack } = (await import(
  `${LOCAL_STACK}stack.js`
)) as typeof import('../../packages/local-stack/src/stack.js');
const { findTemporalCli } = (await import(
  `${LOCAL_STACK}temporal-cli.js`
)) as typeof import('../../packages/local-stack/src/temporal-cli.js');

/** Of one command line, waits included, where the instances are folders. */
const RUN_MS = 2 * PATIENCE_MS;

type Tree = { [key: string]: unknown };

export interface StackFixture {
  stack: Stack;
  folder: string;
  client: Client;
  /** Runs a command line of the CLI. */
  keelson(...args: string[]): Promise<Ran>;
  /** The same with the key of another role: `keelson` is run by a user. */
  keelsonAs(caller: CallerName, ...args: string[]): Promise<Ran>;
  /** Runs the Temporal CLI. */
  temporal(...args: string[]): Promise<Ran>;
  /** Writes a document of one server; `spec` is laid over it. */
  document(name: string, spec?: Tree): string;
  /** Writes any file into the bench's folder. */
  file(name: string, content: string | Uint8Array): string;
  /** Asks `/_region/<path>`. */
  region<T>(path: string, init?: RequestInit): Promise<T>;
  close(): Promise<void>;
}

export interface StackFixtureOptions extends Partial<Pick<StackOptions, 'profile' | 'hosts' | 'nodes' | 'metrics'>> {
  env?: Readonly<Record<string, string | undefined>>;
  /** Of the stack and its logs; kept. By default one that goes with the fixture. */
  folder?: string;
  /** For one command line, waits included. */
  runMs?: number;
  /** Where command lines run: all of a person's in one process, or each in its own, as people run them; so by default on hosts. */
  commands?: 'one process' | 'processes';
}

/** Temporal server, local region, by default with short latencies, and worker, at ports of their own. */
export async function openStackFixture(options: StackFixtureOptions = {}): Promise<StackFixture> {
  const { env = process.env, profile = 'fast', hosts = null, runMs = RUN_MS } = options;
  const { commands = hosts === null ? 'one process' : 'processes' } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'keelson-e2e-'));
  const stack = await startStack(env, {
    dir: join(folder, 'stack'),
    profile,
    hosts,
    nodes: options.nodes ?? 'folders',
    logLevel: 'debug',
    metrics: options.metrics ?? false,
  });
  const connection = await Connection.connect({ address: stack.temporal.address, interceptors: INTERCEPTORS });
  const cli = await findTemporalCli(process.env);
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const commandHosts = new Map<CallerName | null, CommandHost>();
  const hostOf = (caller: CallerName | null, as: Readonly<Record<string, string | undefined>>): CommandHost => {
    const host = commandHosts.get(caller) ?? createCommandHost(as, folder);
    commandHosts.set(caller, host);
    return host;
  };
  // Whatever a test prints as JSON is as schema/output.schema.json says.
  const keelson = async (args: string[], caller: CallerName | null): Promise<Ran> => {
    const as = caller === null ? stack.env : { ...stack.env, ...keyVariables(caller) };
    const ran =
      commands === 'one process'
        ? await hostOf(caller, as).run(args, runMs)
        : await run(process.execPath, [`${DIST}bin/keelson.js`, ...args], as, folder, runMs);
    const faults = faultsOf(args, ran.stdout);
    if (faults.length > 0) throw new Error(`keelson ${args.join(' ')}:\n${faults.join('\n')}`);
    return ran;
  };
  return {
    stack,
    folder,
    file,
    client: new Client({ connection }),
    keelson: (...args) => keelson(args, null),
    keelsonAs: (caller, ...args) => keelson(args, caller),
    temporal: (...args) => run(cli, [...args, '--address', stack.temporal.address], stack.env, folder),
    document: (name, spec = {}) => file(`${name}.yaml`, stringify(documentOf(name, spec))),
    region: async (path, init) => {
      const answer = await fetch(`${stack.region.url}/_region/${path}`, init);
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as never;
    },
    close: async () => {
      for (const host of commandHosts.values()) await host.close();
      await connection.close();
      await stack.stop();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A document of one server, with `spec` laid over it; a value of undefined takes the key away. */
export function documentOf(name: string, spec: Tree = {}): Tree {
  const plain = {
    region: 'eu-west-1',
    mode: 'dev',
    servers: { instanceType: 't3.medium' },
    k3s: { version: 'v1.34.2+k3s1' },
  };
  return { apiVersion: 'keelson/v1', kind: 'Cluster', metadata: { name }, spec: { ...plain, ...spec } };
}

export async function run(
  command: string,
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  limitMs = RUN_MS,
): Promise<Ran> {
  return await start(command, args, env, cwd, limitMs).ended;
}

/** Starts a command line that the test does something to before it ends. */
export function start(
  command: string,
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  limitMs = RUN_MS,
): { child: ChildProcessByStdio<null, Readable, Readable>; ended: Promise<Ran> } {
  // One that hangs is ended before the test's own limit, so that none is left behind and the test says which it was.
  const child = spawn(command, args, {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    ran.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    ran.stderr += chunk.toString();
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...ran, code }));
  });
  return { child, ended };
}
