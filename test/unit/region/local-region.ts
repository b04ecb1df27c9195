/** A region for tests of the core: no machines, fast, with the real AWS SDK's clients. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import type { MachineHost } from '../../../packages/aws-simulator/src/contract.js';
import { CREDENTIALS as KEYS } from '../../../packages/aws-simulator/src/credentials.js';
import { type Region, type RegionOptions, startRegion } from '../../../packages/aws-simulator/src/server.js';

export interface TestRegion extends Region {
  dir: string;
  /** What was asked of the machines, as `boot i-...`. */
  machineLog: string[];
  ec2Client(region?: string, credentials?: { accessKeyId: string; secretAccessKey: string }): EC2Client;
  s3Client(region?: string): S3Client;
  get(path: string): Promise<unknown>;
  post(path: string, body?: unknown): Promise<Response>;
}

/** The administrator's: what these tests are about is what EC2 and S3 do, not who may. */
export const CREDENTIALS = KEYS.admin;

export async function startTestRegion(options: Partial<RegionOptions> = {}): Promise<TestRegion> {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-region-'));
  const machineLog: string[] = [];
  const region = await startRegion({
    dir,
    createHost: () => silentHost(machineLog),
    bucket: 'keelson-test',
    ...options,
  });
  const shared = { endpoint: region.url, maxAttempts: 1 };
  return {
    ...region,
    dir,
    machineLog,
    ec2Client: (name = 'eu-west-1', credentials = CREDENTIALS) =>
      new EC2Client({ ...shared, credentials, region: name }),
    s3Client: (name = 'eu-west-1') =>
      new S3Client({ ...shared, credentials: CREDENTIALS, region: name, forcePathStyle: true }),
    get: async (path) => (await fetch(region.url + path)).json(),
    post: (path, body) =>
      fetch(region.url + path, { method: 'POST', ...(body !== undefined && { body: JSON.stringify(body) }) }),
    close: async () => {
      await region.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function silentHost(log: string[]): MachineHost {
  const told = (what: string) => (instance: { id: string }) => {
    log.push(`${what} ${instance.id}`);
    return Promise.resolve();
  };
  return {
    boot: (instance) => void log.push(`boot ${instance.id}`),
    shutdown: told('shutdown'),
    crash: (instance) => void log.push(`crash ${instance.id}`),
    reboot: told('reboot'),
    destroy: told('destroy'),
    close: () => Promise.resolve(),
  };
}
