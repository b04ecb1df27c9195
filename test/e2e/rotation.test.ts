import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import type { FaultPlan } from '../../packages/aws-simulator/src/faults.js';
import { textsOf } from './evidence.js';
import { openStackFixture, type Ran, type StackFixture } from './fixture.js';
import { watchApi } from './support/api-watch.js';
import { fewestServing, notesOf } from './support/fewest-serving.js';
import { configMapsOn, instancesOf, k3sOn, kubectlOn, statusOf } from './support/kubectl.js';

const NAME = 'shop';

/** Each server takes its time to stop: a second one that stops without waiting for the first is down at the same time. */
const SLOW_STOP: FaultPlan = { point: 'span', match: { kind: 'serviceStop' }, delayMs: 4_000 };

const pools = (count: number) => [{ name: 'workers', count, instanceType: 't3.medium' }];

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
  const document = fixture.document(NAME, { mode: 'ha', pools: pools(1) });
  expect(await fixture.keelson('apply', '-f', document, '--wait')).toMatchObject({ code: 0 });
  await fixture.region('faults', { method: 'POST', body: JSON.stringify(SLOW_STOP) });
});
afterAll(() => fixture?.close());

async function addressesOfServers(): Promise<string[]> {
  const instances = await fixture.region<Instance[]>('instances');
  return instances.flatMap((one) =>
    one.tags['keelson:slot']?.startsWith('server-') && one.state === 'running' && one.publicIp ? [one.publicIp] : [],
  );
}

const make = (instance: string, name: string) =>
  kubectlOn(fixture, instance, 'create', 'configmap', name, '--from-literal=a=b');

/** A file of an instance, at its path there without the first slash. */
const onDisk = (instance: string, path: string): string =>
  readFileSync(join(fixture.folder, 'stack/region/instances', instance, 'root', path), 'utf8');

/** An object of the bucket, read as the account's administrator. */
async function stored(Key: string): Promise<string> {
  const { url } = fixture.stack.region;
  const s3 = new S3Client({ region: 'eu-west-1', endpoint: url, forcePathStyle: true, credentials: CREDENTIALS.admin });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: fixture.stack.env['KEELSON_BUCKET'], Key }));
  return (await Body?.transformToString()) ?? '';
}

const kubeconfig = async () => (await fixture.keelson('kubeconfig', NAME)).stdout;

/** Asks for one agent more than there are, which joins with what the cluster goes by now, and takes no other instance's place. */
async function expectFurtherAgent(): Promise<void> {
  const before = await instancesOf(fixture, NAME);
  const document = fixture.document(NAME, { mode: 'ha', pools: pools(before.length - 2) });
  const joined = await fixture.keelson('apply', '-f', document, '--wait');
  expect(joined, joined.stderr).toMatchObject({ code: 0 });
  const { nodes } = await statusOf(fixture, NAME);
  expect(nodes.map(({ ready }) => ready)).toEqual([...before, 'one more'].map(() => 'True'));
  expect((await instancesOf(fixture, NAME)).slice(0, -1)).toEqual(before);
}

/** Ends the worker without a word as soon as each of these steps of the command's operation has begun, and starts another one. */
async function killIn(command: Promise<Ran>, ...ids: string[]): Promise<void> {
  let ended: string | null = null;
  const ends = command.then(({ code, stderr }) => {
    ended = `the command ended with ${code}: ${stderr}`;
  });
  for (const id of ids) {
    const begun = async () => (await statusOf(fixture, NAME)).operation?.steps.some((step) => step.id === id);
    await expect.poll(async () => ended ?? ((await begun()) ? id : 'not begun')).toBe(id);
    fixture.stack.worker().kill('SIGKILL');
    await fixture.stack.worker().ended;
    await fixture.stack.startWorker();
  }
  await ends;
}

/** What holds after each rotation: it is done, and the cluster serves. */
async function expectServing(instances: string[]): Promise<StatusView> {
  const status = await expectUnharmed(instances);
  expect(status.operations.at(-1)).toMatchObject({ kind: 'rotate', outcome: 'done' });
  return status;
}

/** The same instances as before, every one Ready. */
async function expectUnharmed(instances: string[]): Promise<StatusView> {
  const status = await statusOf(fixture, NAME);
  expect(status).toMatchObject({ phase: 'Running', operation: null, lastError: null });
  expect(status.nodes.map(({ ready }) => ready)).toEqual(instances.map(() => 'True'));
  expect(await instancesOf(fixture, NAME)).toEqual(instances);
  expect(await fixture.region('duplicates')).toEqual([]);
  const { stdout } = await kubectlOn(fixture, instances[0] ?? '', 'get', 'nodes', '-o', 'name');
  expect(stdout.split('\n').sort()).toEqual(status.nodes.map((node) => `node/${node.name}`).sort());
  return status;
}

describe('a rotation of a cluster that serves', () => {
  it('shows its steps and does nothing without an answer', async () => {
    // Act
    const shown = await fixture.keelson('rotate', NAME, 'certificates', '--dry-run', '-o', 'json');
    const unsure = await fixture.keelson('rotate', NAME, 'certificates', '--wait');
    const nonsense = await fixture.keelson('rotate', NAME, 'everything', '--yes');
    const { operations } = await statusOf(fixture, NAME);

    // Assess
    const { plan } = JSON.parse(shown.stdout) as { plan: { kind: string; steps: { id: string }[] } };
    expect(plan.kind).toBe('rotate');
    expect(plan.steps.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['recheck-quorum:server-1', 'start-service:workers-0']),
    );
    expect(unsure).toMatchObject({ code: 2, stderr: expect.stringContaining('restart K3s with the new') });
    expect(nonsense).toMatchObject({ code: 2 });
    expect(operations.map(({ kind }) => kind)).toEqual(['create']);
  });

  it('gives every node new certificates while two servers serve, and another worker goes on with it', async () => {
    // Prepare
    const instances = await instancesOf(fixture, NAME);
    const before = await kubeconfig();
    const { length: noted } = await notesOf(fixture);

    // Act
    const rotating = fixture.keelson('rotate', NAME, 'certificates', '--yes', '--wait');
    await killIn(rotating, 'start-service:server-0', 'recheck-quorum:server-2');
    const rotated = await rotating;

    // Assess
    expect(rotated, rotated.stderr).toMatchObject({ code: 0 });
    const { operations } = await expectServing(instances);
    const restarts = operations
      .at(-1)
      ?.steps.filter(({ kind, outcome }) => kind === 'start-service' && outcome === 'done');
    expect(restarts?.map(({ slot }) => slot)).toEqual(['server-0', 'server-1', 'server-2', 'workers-0']);
    const after = await kubeconfig();
    expect(after).not.toBe(before);
    for (const held of [before, after]) expect((await (await answers(held)).stop()).answers).toBeGreaterThan(0);
    expect(fewestServing(instances.slice(0, 3), await notesOf(fixture, noted))).toBe(2);
  });

  it('replaces the server token: the servers start with the new one, and a backup of before opens with the old one', async () => {
    // Prepare
    const instances = await instancesOf(fixture, NAME);
    const old = await stored(`clusters/${NAME}/k3s-server-token`);
    await make(instances[0] ?? '', 'before');
    expect(await fixture.keelson('backup', NAME, '--wait')).toMatchObject({ code: 0 });
    const { backup, uid } = await statusOf(fixture, NAME);
    const { length: noted } = await notesOf(fixture);

    // Act
    const rotating = fixture.keelson('rotate', NAME, 'token', '--yes', '--wait');
    await killIn(rotating, 'rotate:server-0', 'start-service:server-1');
    const rotated = await rotating;

    // Assess
    expect(rotated, rotated.stderr).toMatchObject({ code: 0 });
    await expectServing(instances);
    expect(fewestServing(instances.slice(0, 3), await notesOf(fixture, noted))).toBe(2);
    const token = await stored(`clusters/${NAME}/k3s-server-token`);
    expect(token).toMatch(/^K10[0-9a-f]{64}::server:[0-9a-f]{32}\n$/);
    expect(token).not.toBe(old);
    expect(await stored(`backups/${NAME}/${uid}/${backup.id}.token`)).toBe(old);
    for (const server of instances.slice(0, 3)) expect(onDisk(server, 'etc/rancher/k3s/server-token')).toBe(token);
    const texts = await textsOf(fixture, NAME);
    for (const secret of [old, token].map((one) => one.trim().split('::server:')[1] ?? '?'))
      for (const [place, text] of Object.entries(texts))
        expect(text.includes(secret), `a token in ${place}`).toBe(false);

    // Act
    await expectFurtherAgent();
    const restored = await fixture.keelson('restore', NAME, '--from', backup.id ?? '', '--yes', '--wait');

    // Assess
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    expect(await configMapsOn(fixture, instances[1] ?? '')).toEqual(['configmap/before']);
    expect(await stored(`clusters/${NAME}/k3s-server-token`)).toBe(old);
  });
});

describe('a cancel of a rotation', () => {
  it('ends that of certificates after the step under way, and the cluster serves as before', async () => {
    // Prepare
    const instances = await instancesOf(fixture, NAME);
    const { length: noted } = await notesOf(fixture);
    await fixture.region('faults', {
      method: 'POST',
      body: JSON.stringify({ point: 'span', match: { kind: 'rejoin' }, hold: true }),
    });
    const rotating = fixture.keelson('rotate', NAME, 'certificates', '--yes', '--wait');
    await expect
      .poll(
        async () =>
          (await statusOf(fixture, NAME)).operation?.steps.some(
            ({ kind, outcome }) => kind === 'start-service' && outcome === 'running',
          ),
        { interval: 50 },
      )
      .toBe(true);

    // Act
    const cancelled = await fixture.keelson('rotate', NAME, 'certificates', '--cancel');
    await fixture.region('faults', { method: 'DELETE' });
    const again = await fixture.keelson('rotate', NAME, 'certificates', '--cancel', '--wait');
    await rotating;

    // Assess
    expect(cancelled, cancelled.stderr).toMatchObject({ code: 0 });
    expect(again, again.stderr).toMatchObject({ code: 0 });
    await expectUnharmed(instances);
    const gone = (await notesOf(fixture, noted)).filter(({ kind }) => kind === 'k3s-gone');
    expect(new Set(gone.map(({ data }) => data['instanceId'])).size, 'one server was restarted').toBe(1);
    expect((await statusOf(fixture, NAME)).operations.findLast(({ kind }) => kind === 'rotate')).not.toMatchObject({
      outcome: 'done',
    });
  });
});

describe('a rotation of keys that servers share', () => {
  const status = (server: string) => k3sOn(fixture, server, 'secrets-encrypt', 'status');
  const activeKey = async (server: string) => / \* +(.+)$/m.exec((await status(server)).stdout)?.[1];

  it('gives agents a new token, and lets further agents in with it', async () => {
    // Prepare
    const instances = await instancesOf(fixture, NAME);
    const old = await stored(`clusters/${NAME}/k3s-agent-token`);
    const { length: noted } = await notesOf(fixture);

    // Act
    const rotating = fixture.keelson('rotate', NAME, 'agent-token', '--yes', '--wait');
    await killIn(rotating, 'rotate:server-0', 'start-service:workers-0');
    const rotated = await rotating;

    // Assess
    expect(rotated, rotated.stderr).toMatchObject({ code: 0 });
    await expectServing(instances);
    expect(fewestServing(instances.slice(0, 3), await notesOf(fixture, noted))).toBe(2);
    const token = await stored(`clusters/${NAME}/k3s-agent-token`);
    expect(token).toMatch(/^K10[0-9a-f]{64}::node:[0-9a-f]{32}\n$/);
    expect(token).not.toBe(old);
    expect(onDisk(instances[3] ?? '', 'etc/rancher/k3s/agent-token')).toBe(token);
    for (const server of instances.slice(0, 3))
      expect(onDisk(server, 'var/lib/rancher/k3s/server/agent-token')).toBe(token);
    await expectFurtherAgent();
    expect(onDisk((await instancesOf(fixture, NAME)).at(-1) ?? '', 'etc/rancher/k3s/agent-token')).toBe(token);
  });

  it('encrypts every secret with a new key, and every server has it in the end', async () => {
    // Prepare
    const instances = await instancesOf(fixture, NAME);
    const servers = instances.slice(0, 3);
    const old = await activeKey(servers[0] ?? '');
    const { length: noted } = await notesOf(fixture);

    // Act
    const rotating = fixture.keelson('rotate', NAME, 'encryption-key', '--yes', '--wait');
    await killIn(rotating, 'rotate:server-0', 'start-service:server-1');
    const rotated = await rotating;

    // Assess
    expect(rotated, rotated.stderr).toMatchObject({ code: 0 });
    await expectServing(instances);
    expect(fewestServing(instances.slice(0, 3), await notesOf(fixture, noted))).toBe(2);
    const keys = await Promise.all(servers.map(activeKey));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).not.toBe(old);
    expect((await status(servers[2] ?? '')).stdout).toContain('All hashes match');
    const made = (await notesOf(fixture, noted)).filter(({ kind }) => kind === 'encryption-key-rotated');
    expect(made).toHaveLength(1);
  });
});

describe('a rotation of the CA', () => {
  it('leaves those who trust the old one in, and moves every node to the new one', async () => {
    // Prepare
    const instances = await instancesOf(fixture, NAME);
    const before = await kubeconfig();
    const { length: noted } = await notesOf(fixture);
    const ca = () => onDisk(instances[3] ?? '', 'var/lib/rancher/k3s/agent/server-ca.crt');
    const old = ca();

    // Act
    const rotating = fixture.keelson('rotate', NAME, 'ca', '--yes', '--wait');
    await killIn(rotating, 'rotate:server-0', 'start-service:server-0');
    const rotated = await rotating;

    // Assess
    expect(rotated, rotated.stderr).toMatchObject({ code: 0 });
    await expectServing(instances);
    expect(fewestServing(instances.slice(0, 3), await notesOf(fixture, noted))).toBe(2);
    expect(ca()).not.toBe(old);
    expect(ca().match(/BEGIN CERTIFICATE/g)).toHaveLength(4);
    const token = await stored(`clusters/${NAME}/k3s-server-token`);
    for (const server of instances.slice(0, 3)) expect(onDisk(server, 'var/lib/rancher/k3s/server/token')).toBe(token);
    const after = await kubeconfig();
    expect(after).not.toBe(before);
    for (const held of [before, after]) expect((await (await answers(held)).stop()).answers).toBeGreaterThan(0);
  });

  it('can be done again, and further nodes join afterwards', async () => {
    // Act
    const again = await fixture.keelson('rotate', NAME, 'ca', '--yes', '--wait');

    // Assess
    expect(again, again.stderr).toMatchObject({ code: 0 });
    await expectFurtherAgent();
    expect((await (await answers(await kubeconfig())).stop()).answers).toBeGreaterThan(0);
    const keys = (text: string) => text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----/g)?.length ?? 0;
    const texts = await textsOf(fixture, NAME);
    for (const [place, text] of Object.entries(texts)) expect(keys(text), `a key in ${place}`).toBe(0);
  });
});

/** Asks with this kubeconfig until there was an answer. */
async function answers(held: string) {
  const watch = watchApi(held, addressesOfServers);
  await expect.poll(() => watch.seen().answers).toBeGreaterThan(0);
  return watch;
}
