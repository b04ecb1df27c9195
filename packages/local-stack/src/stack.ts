import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../../../src/config/environment.js';
import { localEnvironment } from '../../../src/config/local-env.js';
import { removeLeftHosts } from '../../aws-simulator/src/hosts/ledger.js';
import type { HostSettings } from '../../aws-simulator/src/hosts/settings.js';
import { type Child, type Children, createChildren } from './children.js';
import { keyVariables, LOCAL_MIRRORS, localVariables } from './local-env.js';
import { freePort } from './ports.js';
import { type LocalRegion, type NodeKind, type ProfileName, startRegion } from './region.js';
import { startTemporal, type TemporalServer, type TemporalServerOptions } from './temporal.js';
import { startWorker } from './worker-process.js';

export interface StackOptions {
  /** Folder of logs and of the region's instances; emptied at the start. */
  dir: string;
  profile: ProfileName;
  /** Instances are hosts that a command makes; then K3s comes from KEELSON_K3S_MIRROR or the public mirror, not from the region's. */
  hosts?: HostSettings | null;
  /** What instances are where they are no hosts; by default folders that run scripts. */
  nodes?: NodeKind;
  ui?: boolean;
  /** Temporal at the ports that people know, if they are free. */
  usualPorts?: boolean;
  /** Serve the worker's Prometheus metrics. */
  metrics?: boolean;
  logLevel?: string;
  /** Further variables of the worker. */
  workerEnv?: Readonly<Record<string, string>>;
  /** Said as each part comes up. */
  onProgress?: (what: string) => void;
}

/** Temporal server, local region and worker, as processes of their own that end with this one. */
export interface Stack {
  temporal: TemporalServer;
  region: LocalRegion;
  metricsUrl: string | null;
  /** What `.keelson/local.env` exports. */
  variables: Record<string, string>;
  /** The whole environment of a process that uses the stack. */
  env: Record<string, string | undefined>;
  /** Returns the worker that runs now, or ran last. */
  worker(): Child;
  /** Another worker process; the old one is left as it is. */
  startWorker(): Promise<Child>;
  /** The Temporal server again, at its address, with its database if it has one. */
  restartTemporal(): Promise<void>;
  stop(): Promise<void>;
}

export async function startStack(env: Env, options: StackOptions): Promise<Stack> {
  const { dir, profile, onProgress, hosts = null, nodes = 'folders' } = options;
  // A folder that is emptied forgets what it knows of the hosts of a run that was killed.
  if (hosts !== null) await removeLeftHosts(hosts.command, join(dir, 'region'));
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const children = createChildren();
  try {
    const clean = localEnvironment(env, {});
    const server: TemporalServerOptions = { dir, ui: options.ui ?? false, usualPorts: options.usualPorts ?? false };
    onProgress?.('starting the Temporal dev server and the local region');
    const [temporal, region] = await both(
      startTemporal(children, clean, server),
      startRegion(children, clean, { dir, profile, hosts, nodes }),
    );
    const metricsAddress = options.metrics === true ? `127.0.0.1:${await freePort()}` : null;
    const variables = localVariables({
      temporal: temporal.address,
      region: region.url,
      ...(hosts === null && { k3sMirror: `${region.url}/_mirror` }),
      eventsQueue: region.eventsQueueUrl,
      deadLettersQueue: region.deadLettersQueueUrl,
    });
    const stackEnv = localEnvironment(env, variables);
    const workerEnv = {
      ...stackEnv,
      ...keyVariables('worker'),
      KEELSON_ALLOWED_MIRRORS: env['KEELSON_ALLOWED_MIRRORS'] || LOCAL_MIRRORS,
      KEELSON_LOG_LEVEL: options.logLevel ?? 'info',
      ...options.workerEnv,
      ...(metricsAddress === null ? {} : { KEELSON_METRICS_ADDRESS: metricsAddress }),
    };
    onProgress?.('starting the worker');
    return await assemble(children, {
      temporal,
      region,
      variables,
      env: stackEnv,
      metricsAddress,
      workerEnv,
      dir,
      server,
      clean,
    });
  } catch (error) {
    await children.stop();
    throw error;
  }
}

interface Parts {
  temporal: TemporalServer;
  region: LocalRegion;
  variables: Record<string, string>;
  env: Record<string, string | undefined>;
  metricsAddress: string | null;
  workerEnv: Env;
  dir: string;
  server: TemporalServerOptions;
  clean: Env;
}

async function assemble(children: Children, parts: Parts): Promise<Stack> {
  const { region, variables, env, metricsAddress, workerEnv, dir, server, clean } = parts;
  let worker = await startWorker(children, workerEnv, dir);
  const stack: Stack = {
    temporal: parts.temporal,
    region,
    variables,
    env,
    metricsUrl: metricsAddress === null ? null : `http://${metricsAddress}/metrics`,
    worker: () => worker,
    startWorker: async () => {
      // Each process wants a metrics port of its own.
      worker = await startWorker(children, { ...workerEnv, KEELSON_METRICS_ADDRESS: undefined }, dir);
      return worker;
    },
    restartTemporal: async () => {
      await stack.temporal.child.stop();
      const port = Number(new URL(`http://${stack.temporal.address}`).port);
      stack.temporal = await startTemporal(children, clean, { ...server, port });
    },
    stop: () => children.stop(),
  };
  return stack;
}

/** Returns both, or the first error once both have settled: nothing is started behind a clean-up. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([one, other]);
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}
