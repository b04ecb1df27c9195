/**
 * A region without EC2: the real world, machines, SSM and K3s behind one HTTP server, and instances that a test switches on and
 * off unasked.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Instance, MachineHost, Profile, World } from '../../../../packages/aws-simulator/src/contract.js';
import { standInBinary } from '../../../../packages/aws-simulator/src/k3s/binary.js';
import { handleNodeRequest } from '../../../../packages/aws-simulator/src/k3s/handle.js';
import { createMachineHost, type Machines, machinesOf } from '../../../../packages/aws-simulator/src/machine/host.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { PROFILES } from '../../../../packages/aws-simulator/src/profiles.js';
import { handleSsm } from '../../../../packages/aws-simulator/src/ssm/handle.js';
import { LocalWorld } from '../../../../packages/aws-simulator/src/world.js';
import { PATIENCE_MS } from '../../../support/patience.js';

export interface RegionFixture {
  world: LocalWorld;
  host: Machines;
  url: string;
  /** What was put below `<url>/bucket/`, by path. */
  bucket: Map<string, Buffer>;
  ssm(region?: string): SSMClient;
  /** Switches a new instance on; waits until its agent is there, unless it has no instance profile. */
  launch(name: string, over?: Partial<Instance>): Promise<Machine>;
  close(): Promise<void>;
}

export async function startRegionFixture(
  over: Partial<Profile> = {},
  createHost: (world: World) => MachineHost = createMachineHost,
): Promise<RegionFixture> {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-fixture-'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const world = new LocalWorld({ dir, port, profile: { ...PROFILES.fast, ...over }, seed: 1 });
  const host = machinesOf(createHost(world));
  const bucket = new Map<string, Buffer>();
  serve(server, world, host, bucket);
  const clients: SSMClient[] = [];
  const url = `http://127.0.0.1:${port}`;
  return {
    world,
    host,
    url,
    bucket,
    ssm(region = 'eu-west-1') {
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const client = new SSMClient({ endpoint: url, region, credentials, maxAttempts: 1 });
      clients.push(client);
      return client;
    },
    async launch(name, overInstance = {}) {
      const instance = newInstance(name, world.instances.size, overInstance);
      world.instances.set(instance.id, instance);
      host.boot(instance);
      const machine = host.get(instance.id);
      if (!machine) throw new Error('not booted');
      if (instance.instanceProfile !== null) await until(() => machine.agent.online);
      return machine;
    },
    async close() {
      for (const client of clients) client.destroy();
      await host.close();
      world.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Polls until it holds; fails after half a minute with what it waited for. */
export async function until(holds: () => boolean | Promise<boolean>, what = 'condition'): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function journal(machine: Machine): string {
  try {
    return readFileSync(machine.path('/var/log/k3s.log'), 'utf8');
  } catch {
    return '';
  }
}

function newInstance(name: string, count: number, over: Partial<Instance>): Instance {
  return {
    id: `i-${name.padEnd(17, '0')}`,
    account: '000000000000',
    region: 'eu-west-1',
    zone: 'eu-west-1a',
    type: 't3.medium',
    architecture: 'x86_64',
    imageId: 'ami-1',
    subnetId: 'subnet-1',
    vpcId: 'vpc-1',
    privateIp: `10.0.1.${10 + count}`,
    publicIp: null,
    securityGroupIds: [],
    instanceProfile: 'nodes',
    userData: '',
    clientToken: name,
    tags: { 'keelson:slot': name },
    state: 'running',
    launchTime: new Date(0).toISOString(),
    boots: 1,
    ...over,
  };
}

function mirrored(version: string, file: string): Buffer | string {
  const binary = standInBinary(version, 'amd64');
  return file === 'k3s' ? binary : `${createHash('sha256').update(binary).digest('hex')}  k3s\n`;
}

function serve(server: Server, world: LocalWorld, host: Machines, bucket: Map<string, Buffer>): void {
  server.on('request', (request, response) => {
    void (async () => {
      const body = await readBody(request);
      const path = request.url ?? '/';
      const [, version, file] = /^\/_mirror\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
      if (version) return response.end(mirrored(decodeURIComponent(version), file ?? ''));
      if (path.startsWith('/bucket/')) {
        if (request.method === 'PUT') bucket.set(path, body);
        const found = bucket.get(path);
        return response.writeHead(found ? 200 : 404).end(found);
      }
      const reply = path.startsWith('/_node/')
        ? await handleNodeRequest(world, host, request.method ?? '', path, body)
        : await handleSsm(world, host, () => Promise.resolve(true), {
            caller: 'admin',
            account: '000000000000',
            session: null,
            service: 'ssm',
            region: /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '',
            action: String(request.headers['x-amz-target']).split('.')[1] ?? '',
            method: 'POST',
            path,
            query: new URLSearchParams(),
            headers: {},
            body,
          });
      response.writeHead(reply.status, reply.headers).end(reply.body);
    })();
  });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
