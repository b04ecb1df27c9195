/** The second machine backend, with a fake host command: EC2 and SSM as the real clients see them, and the verbs that come of it. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Hosts } from '../../../../packages/aws-simulator/src/hosts/hosts.js';
import { startRegion } from '../../../../packages/aws-simulator/src/server.js';
import { PATIENCE_MS } from '../../../support/patience.js';
import { launchOne, reaches } from '../ec2/launch-one.js';
import { CREDENTIALS, startTestRegion, type TestRegion } from '../local-region.js';

const FAKE = fileURLToPath(new URL('./fake-host', import.meta.url));

let folder: string;
let region: TestRegion;
let ssm: SSMClient;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-fake-hosts-'));
  region = await start();
  ssm = new SSMClient({ endpoint: region.url, region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 1 });
});
afterEach(async () => {
  ssm.destroy();
  await region.close();
  rmSync(folder, { recursive: true, force: true });
});

const settings = () => ({
  command: `env FAKE_HOSTS='${folder}' '${FAKE}'`,
  address: '127.0.0.1',
  network: '127.0.0.0/24',
  metadata: null,
});
const start = (): Promise<TestRegion> =>
  startTestRegion({ createHost: (world) => new Hosts(world, settings().command), hosts: settings() });

/** The verbs that have ended, without those of `exec`. */
const verbs = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
const path = (id: string, name: string) => join(folder, id, name);
const read = (id: string, name: string) => readFileSync(path(id, name), 'utf8').trim();
const tell = (what: string) => writeFileSync(join(folder, what), '');

const LAUNCH = { IamInstanceProfile: { Name: 'keelson-node' } };

/** Launches a host and waits for its agent. */
async function launch(userData = ''): Promise<string> {
  const id = await launchOne(region, {}, { ...LAUNCH, UserData: Buffer.from(userData).toString('base64') });
  await registered(id);
  return id;
}

const pingOf = async (id: string): Promise<string | undefined> =>
  (await ssm.send(new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [id] }] })))
    .InstanceInformationList?.[0]?.PingStatus;
const registered = (id: string) =>
  vi.waitFor(async () => expect(await pingOf(id)).toBe('Online'), { timeout: PATIENCE_MS, interval: 20 });

async function run(id: string, script: string, executionTimeout = 60): Promise<GetCommandInvocationCommandOutput> {
  const parameters = { commands: [script], executionTimeout: [String(executionTimeout)] };
  const sent = await ssm.send(
    new SendCommandCommand({ DocumentName: 'AWS-RunShellScript', InstanceIds: [id], Parameters: parameters }),
  );
  const ask = new GetCommandInvocationCommand({ CommandId: sent.Command?.CommandId, InstanceId: id });
  return vi.waitFor(
    async () => {
      const invocation = await ssm.send(ask);
      expect(['Pending', 'InProgress']).not.toContain(invocation.Status);
      return invocation;
    },
    { timeout: PATIENCE_MS, interval: 20 },
  );
}

describe('an instance on a host', () => {
  it('is made with its address, name and user data, and registers when it answers', async () => {
    // Act
    const id = await launch('#!/bin/bash\necho fetched >trace\n');
    const { Reservations } = await region.ec2Client().send(new DescribeInstancesCommand({ InstanceIds: [id] }));

    // Assess
    const address = Reservations?.[0]?.Instances?.[0]?.PrivateIpAddress ?? '';
    expect(address).toMatch(/^127\.0\.0\.\d+$/);
    expect(Reservations?.[0]?.Instances?.[0]?.PublicIpAddress).toBe(address);
    expect(read(id, 'ip')).toBe(address);
    expect(read(id, 'hostname')).toBe(`ip-${address.replaceAll('.', '-')}`);
    await expect.poll(() => read(id, 'trace')).toBe('fetched');
    expect(verbs()).toEqual([`up ${id}`]);
  });

  it('has an address in the subnet of its zone, and none that AWS or this machine keeps', async () => {
    const ids = await Promise.all(Array.from({ length: 4 }, () => launchOne(region)));
    const addresses = ids.map((id) => region.world.instances.get(id)?.privateIp);
    expect(new Set(addresses).size).toBe(4);
    for (const address of addresses) expect(Number(address?.split('.')[3])).toBeGreaterThan(3);
  });

  it('never registers without an instance profile', async () => {
    const id = await launchOne(region);
    await expect.poll(() => verbs()).toEqual([`up ${id}`]);
    expect(await pingOf(id)).toBeUndefined();
  });

  it('that does not come up is noted with what the command said, and can be terminated', async () => {
    // Prepare
    tell('up-fails');

    // Act
    const id = await launchOne(region, {}, LAUNCH);
    const note = await vi.waitFor(
      () => {
        const found = region.world.record.notes.find(({ kind }) => kind === 'boot-failed');
        expect(found).toBeDefined();
        return found;
      },
      { timeout: PATIENCE_MS },
    );
    await region.ec2Client().send(new TerminateInstancesCommand({ InstanceIds: [id] }));

    // Assess
    expect(JSON.stringify(note)).toContain('told to fail at up');
    expect(await pingOf(id)).toBeUndefined();
    await reaches(region, id, 'terminated');
  });
});

describe('a command', () => {
  it('runs there: output, exit code, no prefix in its environment', async () => {
    const id = await launch();
    const ran = await run(id, 'pwd; echo "root=${KEELSON_ROOT:-}"; echo bad >&2; exit 3');
    expect(ran).toMatchObject({ Status: 'Failed', ResponseCode: 3, StandardErrorContent: 'bad\n' });
    expect(ran.StandardOutputContent).toBe(`${path(id, '')}\nroot=\n`.replace('/\n', '\n'));
  });

  it('that takes too long has timed out; one that ends with 124 itself has failed', async () => {
    const id = await launch();
    expect(await run(id, 'exec sleep 60', 1)).toMatchObject({ StatusDetails: 'ExecutionTimedOut' });
    expect(await run(id, 'exit 124')).toMatchObject({ Status: 'Failed', ResponseCode: 124 });
  });

  it('waits for an agent that is dead, until someone revives it', async () => {
    // Prepare
    const id = await launch();
    expect((await region.post(`/_region/machines/${id}`, { agent: 'dead' })).status).toBe(200);

    // Act
    const ran = run(id, 'echo late');
    const dead = await pingOf(id);
    await region.post(`/_region/machines/${id}`, { agent: 'alive' });

    // Assess
    expect(dead).toBe('ConnectionLost');
    expect(await ran).toMatchObject({ Status: 'Success', StandardOutputContent: 'late\n' });
  });
});

describe('the life of an instance', () => {
  const ec2 = () => region.ec2Client();

  it('is stop and start on the same disk, and its user data is not run again', async () => {
    // Prepare
    const id = await launch('#!/bin/bash\necho ran >>trace\n');
    await expect.poll(() => read(id, 'trace')).toBe('ran');
    const InstanceIds = [id];

    // Act
    await ec2().send(new StopInstancesCommand({ InstanceIds }));
    await reaches(region, id, 'stopped');
    const away = await pingOf(id);
    await ec2().send(new StartInstancesCommand({ InstanceIds }));
    await registered(id);

    // Assess
    // SSM does not list a node that is stopped. [docs: SSM DescribeInstanceInformation]
    expect(away).toBeUndefined();
    expect(verbs()).toEqual([`up ${id}`, `stop ${id}`, `start ${id}`]);
    expect(read(id, 'trace')).toBe('ran');
  });

  it('is stop and start at a reboot', async () => {
    const id = await launch();
    await ec2().send(new RebootInstancesCommand({ InstanceIds: [id] }));
    await expect.poll(() => verbs()).toEqual([`up ${id}`, `stop ${id}`, `start ${id}`]);
    await registered(id);
  });

  it('ends with rm, after an orderly stop or, by force, after the plug is pulled', async () => {
    // Prepare
    const [orderly, forced] = [await launch(), await launch()];

    // Act
    await ec2().send(new TerminateInstancesCommand({ InstanceIds: [orderly] }));
    await reaches(region, orderly, 'terminated');
    await region.post(`/_region/instances/${forced}/terminate?hard`);
    await reaches(region, forced, 'terminated');

    // Assess
    const of = (id: string) => verbs().flatMap((line) => (line.endsWith(id) ? [line.split(' ')[0]] : []));
    expect(of(orderly)).toEqual(['up', 'stop', 'rm']);
    expect(of(forced)).toEqual(['up', 'kill', 'rm']);
    expect([orderly, forced].filter((id) => existsSync(path(id, '')))).toEqual([]);
  });

  it('is running and impaired when its plug is pulled, and a start brings it back', async () => {
    // Prepare
    const id = await launch();
    const InstanceIds = [id];

    // Act
    await region.post(`/_region/instances/${id}/crash`);
    const { InstanceStatuses } = await ec2().send(new DescribeInstanceStatusCommand({ InstanceIds }));
    await ec2().send(new StopInstancesCommand({ InstanceIds, Force: true }));
    await reaches(region, id, 'stopped');
    await ec2().send(new StartInstancesCommand({ InstanceIds }));
    await registered(id);

    // Assess
    expect(InstanceStatuses?.[0]).toMatchObject({
      InstanceState: { Name: 'running' },
      InstanceStatus: { Status: 'impaired' },
    });
    expect(verbs()[1]).toBe(`kill ${id}`);
    expect(await run(id, 'echo back')).toMatchObject({ StandardOutputContent: 'back\n' });
  });

  it('loses its power although it is about to stop', async () => {
    // Prepare
    const id = await launch();
    tell('stop-hangs');

    // Act
    await ec2().send(new StopInstancesCommand({ InstanceIds: [id] }));
    await region.post(`/_region/instances/${id}/terminate?hard`);
    await vi.waitFor(() => expect(verbs()).toContain(`stop ${id}`), { timeout: 100 }).catch(() => undefined);
    const meanwhile = verbs();
    rmSync(join(folder, 'stop-hangs'));

    // Assess
    await reaches(region, id, 'terminated');
    expect(meanwhile).not.toContain(`stop ${id}`);
    expect(existsSync(path(id, ''))).toBe(false);
  });
});

describe('the admin API', () => {
  it('refuses what only a model can be told, and a service that is not there', async () => {
    const id = await launch();
    const refused = await region.post(`/_region/machines/${id}`, { diskUsedPercent: 97, agent: 'dead' });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain('diskUsedPercent cannot be set there');
    expect((await region.post(`/_region/machines/${id}`, { service: 'stop' })).status).toBe(409);
    expect(await pingOf(id)).toBe('Online');
  });

  it('has no stale nodes and no stand-ins to offer', async () => {
    const id = await launch();
    const staleNode = { cluster: 'shop', nodeName: 'shop-server-9', server: true };
    expect((await region.post('/_region/stale-nodes', staleNode)).status).toBe(404);
    expect((await region.post(`/_node/${id}/systemctl`)).status).toBe(404);
  });
});

describe('the end of a region', () => {
  it('takes its hosts away', async () => {
    const ids = [await launch(), await launch()];
    await region.close();
    expect(ids.filter((id) => existsSync(path(id, '')))).toEqual([]);
  });

  it('that was killed is made up for by the next one in its folder', async () => {
    // Prepare: what a region writes before it makes a host, and the host.
    const id = await launch();
    const dir = mkdtempSync(join(tmpdir(), 'keelson-region-'));
    cpSync(region.dir, dir, { recursive: true });

    // Act
    const next = await startRegion({ dir, hosts: settings() });
    await next.close();
    rmSync(dir, { recursive: true, force: true });

    // Assess
    expect(verbs()).toEqual([`up ${id}`, `rm ${id}`]);
  });
});
