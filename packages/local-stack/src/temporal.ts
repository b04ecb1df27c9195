import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { INTERCEPTORS } from '../../../src/cli/clusters/interceptors.js';
import type { Env } from '../../../src/config/environment.js';
import { SEARCH_ATTRIBUTES } from '../../../src/config/search-attributes.js';
import type { Child, Children } from './children.js';
import { freePort } from './ports.js';
import { findTemporalCli } from './temporal-cli.js';

export interface TemporalServer {
  address: string;
  /** Address of the Web UI; null without one. */
  uiUrl: string | null;
  child: Child;
}

export interface TemporalServerOptions {
  dir: string;
  ui: boolean;
  /** The usual ports (7233, 8233), if they are free. */
  usualPorts: boolean;
  /** File of the server's database, which survives a restart; in memory if absent. */
  database?: string;
  /** Starts again at the address of an ended server. */
  port?: number;
  /** Further flags of `temporal server start-dev`. */
  extraArgs?: readonly string[];
}

const READY_MS = 30_000;
const TRIES = 3;

/** Starts a Temporal dev server with Keelson's search attributes and waits until it answers. */
export async function startTemporal(
  children: Children,
  env: Env,
  options: TemporalServerOptions,
): Promise<TemporalServer> {
  const command = await findTemporalCli(env);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryStart(children, command, env, options);
    } catch (error) {
      // Another process may have taken the port in between.
      if (attempt === TRIES) throw error;
    }
  }
}

async function tryStart(
  children: Children,
  command: string,
  env: Env,
  options: TemporalServerOptions,
): Promise<TemporalServer> {
  const { dir, ui, usualPorts, database } = options;
  const port = options.port ?? (await freePort(usualPorts ? 7233 : 0));
  const uiPort = ui ? await freePort(usualPorts ? 8233 : 0) : null;
  const address = `127.0.0.1:${port}`;
  const child = children.start({
    name: 'Temporal dev server',
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'],
      ...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]),
      ...(database === undefined ? [] : ['--db-filename', database]),
      ...(options.extraArgs ?? []),
      ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ],
    env: { ...env, TEMPORAL_ADDRESS: undefined, TEMPORAL_CLI_DISABLE_UPDATE_CHECK: '1' },
    logFile: join(dir, 'temporal.log'),
  });
  try {
    await untilReady(address, child);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { address, uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`, child };
}

/** Ready means that it answers, and knows the search attributes. */
async function untilReady(address: string, child: Child): Promise<void> {
  const deadline = Date.now() + READY_MS;
  let last: unknown;
  while (Date.now() < deadline) {
    if (!child.isRunning()) throw new Error(`the Temporal dev server ended at once:\n${child.logTail()}`);
    try {
      const connection = await Connection.connect({ address, connectTimeout: 1_000, interceptors: INTERCEPTORS });
      try {
        const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
        if (SEARCH_ATTRIBUTES.every((name) => customAttributes?.[name] !== undefined)) return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the Temporal dev server at ${address} was not ready in ${READY_MS / 1_000} s:\n${child.logTail()}`, {
    cause: last,
  });
}
