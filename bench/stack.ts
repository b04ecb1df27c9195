import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { hostSettings } from '../packages/aws-simulator/src/hosts/settings.js';
import type * as stackModule from '../packages/local-stack/src/stack.js';
import type { Stack, StackOptions } from '../packages/local-stack/src/stack.js';
import { INTERCEPTORS } from '../src/cli/clusters/interceptors.js';
import type { StatusView } from '../src/model/status.js';

/** The compiled stack: its processes are started from files beside it. */
const { startStack } = (await import(
  new URL('../packages/local-stack/dist/stack.js', import.meta.url).href
)) as typeof stackModule;

export interface BenchStack {
  stack: Stack;
  /** The worker's log so far. */
  log(): string;
  client: Client;
  /** The region's admin interface; GET unless something is sent. */
  region<T>(path: string, send?: { method: string; body?: unknown }): Promise<T>;
  close(): Promise<void>;
}

/** Temporal, region and worker as processes of their own, for one benchmark; on real hosts where the environment names a command for them. */
export async function openStack(
  profile: StackOptions['profile'],
  logLevel = 'warn',
  nodes: StackOptions['nodes'] = 'folders',
  worker: Pick<StackOptions, 'metrics' | 'workerEnv'> = {},
): Promise<BenchStack> {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-bench-'));
  const hosts = nodes === 'paper' ? null : hostSettings(process.env);
  const stack = await startStack(process.env, { dir, profile, logLevel, hosts, nodes, ...worker });
  const connection = await Connection.connect({ address: stack.temporal.address, interceptors: INTERCEPTORS });
  return {
    stack,
    log: () => readFileSync(join(dir, 'worker.log'), 'utf8'),
    client: new Client({ connection }),
    async region<T>(path: string, send?: { method: string; body?: unknown }): Promise<T> {
      const init = send && { method: send.method, body: JSON.stringify(send.body) };
      const answer = await fetch(`${stack.region.url}${path}`, init);
      if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
      return (await answer.json()) as T;
    },
    async close() {
      await connection.close();
      await stack.stop();
      // Of thousands of nodes; it takes Node minutes.
      execFileSync('rm', ['-rf', dir]);
    },
  };
}

export interface Shape {
  name: string;
  mode: 'dev' | 'ha';
  agents?: number;
  instanceType?: string;
  version?: string;
  /** Parameter that names the image of its nodes. */
  image?: string;
}

/** A cluster document as `temporal workflow start` takes it. */
export function documentOf(shape: Shape): Record<string, unknown> {
  const { name, mode, agents = 0, instanceType = 't3.medium', version = 'v1.34.2+k3s1', image } = shape;
  return {
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name },
    spec: {
      region: 'eu-west-1',
      mode,
      servers: { instanceType },
      pools: agents === 0 ? [] : [{ name: 'workers', count: agents, instanceType: 't3.large' }],
      k3s: { version },
      ...(image !== undefined && { image: { ssmParameter: image } }),
    },
  };
}

export class BenchCluster {
  constructor(
    readonly bench: BenchStack,
    readonly name: string,
  ) {}

  static async start(bench: BenchStack, shape: Shape): Promise<BenchCluster> {
    await bench.client.workflow.start('cluster', {
      workflowId: `cluster/${shape.name}`,
      taskQueue: 'keelson',
      args: [documentOf(shape)],
    });
    return new BenchCluster(bench, shape.name);
  }

  get handle() {
    return this.bench.client.workflow.getHandle(`cluster/${this.name}`);
  }

  /** Until the latest desired state is carried out; the limit ends a benchmark that would never end. */
  async settled(phase: StatusView['phase'], limitSeconds = 900): Promise<StatusView> {
    const deadline = Date.now() + limitSeconds * 1000;
    for (;;) {
      const status = await this.handle.query<StatusView>('status');
      if (status.phase === phase && status.operation === null && status.observedGeneration === status.specGeneration)
        return status;
      if (Date.now() > deadline)
        throw new Error(`${this.name} is ${status.phase} after ${limitSeconds} s: ${JSON.stringify(status.lastError)}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  async historyEvents(): Promise<number> {
    return Number((await this.handle.describe()).historyLength);
  }
}
