import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import type { StatusView } from '../../src/model/status.js';
import { type Bench, openBench } from './harness.js';
import { configMapsOn, instancesOf, kubectlOn, statusOf } from './support/kubectl.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ runMs: 120_000 });
});
afterAll(() => bench?.close());

const make = (instance: string, name: string) =>
  kubectlOn(bench, instance, 'create', 'configmap', name, '--from-literal=a=b');

/** All at once, as the cluster sees it: else it begins to replace the first one while the others go. */
async function terminate(name: string, ...instances: string[]): Promise<void> {
  expect(await bench.keelson('pause', name, '--wait')).toMatchObject({ code: 0 });
  for (const id of instances) await bench.region(`instances/${id}/terminate?hard`, { method: 'POST' });
  expect(await bench.keelson('resume', name)).toMatchObject({ code: 0 });
}

/** Three servers and an agent, a ConfigMap, a backup, and a ConfigMap after it. */
async function prepared(name: string): Promise<string[]> {
  const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];
  const applied = await bench.keelson('apply', '-f', bench.document(name, { mode: 'ha', pools }), '--wait');
  expect(applied).toMatchObject({ code: 0 });
  const instances = await instancesOf(bench, name);
  await make(instances[0] ?? '', 'before');
  expect(await bench.keelson('backup', name, '--wait')).toMatchObject({ code: 0 });
  await make(instances[0] ?? '', 'after');
  expect(await configMapsOn(bench, instances[0] ?? '')).toEqual(['configmap/after', 'configmap/before']);
  return instances;
}

/** What holds after each kind of restore. */
async function expectRestored(name: string): Promise<StatusView> {
  const status = await statusOf(bench, name);
  const servers = status.nodes.filter(({ role }) => role === 'server');
  expect(status).toMatchObject({ phase: 'Running', operation: null });
  expect(servers.map(({ ready, voter }) => ({ ready, voter }))).toEqual(
    servers.map(() => ({ ready: 'True', voter: 'True' })),
  );
  expect(servers).toHaveLength(3);
  for (const { instanceId } of servers) {
    expect(await configMapsOn(bench, instanceId ?? '')).toEqual(['configmap/before']);
    const { stdout } = await kubectlOn(bench, instanceId ?? '', 'get', 'nodes', '-o', 'name');
    expect(stdout.split('\n').sort(), 'no stale Node').toEqual(status.nodes.map((node) => `node/${node.name}`).sort());
  }
  const kubeconfig = await bench.keelson('kubeconfig', name);
  expect(kubeconfig).toMatchObject({ code: 0, stdout: expect.stringContaining(status.apiAddress ?? '?') });
  expect(servers.map(({ publicIp }) => publicIp)).toContain(status.apiAddress);
  expect(await bench.region('duplicates')).toEqual([]);
  return status;
}

const s3 = () =>
  new S3Client({
    endpoint: bench.stack.region.url,
    region: bench.stack.env['AWS_REGION'] ?? 'eu-west-1',
    credentials: CREDENTIALS.admin,
    forcePathStyle: true,
  });
const at = (Key: string) => ({ Bucket: bench.stack.env['KEELSON_BUCKET'], Key });

async function read(key: string): Promise<Buffer> {
  const { Body } = await s3().send(new GetObjectCommand(at(key)));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

const write = (key: string, body: Buffer | string) => s3().send(new PutObjectCommand({ ...at(key), Body: body }));

/** What the cluster says is wrong; as long as nothing is, what it is doing, which a failure then shows. */
async function saidOf(name: string): Promise<string> {
  const { lastError, phase, operation, waiting, conditions, nodes } = await statusOf(bench, name);
  if (lastError !== null) return lastError.code;
  const failing = conditions
    .filter(({ status }) => status === 'False')
    .map(({ type, message }) => `${type}: ${message}`);
  const power = nodes.map((node) => `${node.name} ${node.power}`);
  return [phase, operation?.kind ?? 'at rest', `waits for ${waiting?.for ?? 'nothing'}`, ...failing, ...power].join(
    '; ',
  );
}

const lostQuorum = (name: string) =>
  expect.poll(() => saidOf(name), { timeout: 60_000, interval: 100 }).toBe('QuorumLost');

describe('a restore in place', () => {
  it('brings a cluster back that has one server left, by the command that QuorumLost names', async () => {
    // Prepare
    const [, one = '', two = ''] = await prepared('minority');
    await terminate('minority', one, two);
    await lostQuorum('minority');
    const { lastError } = await statusOf(bench, 'minority');

    // Act
    const unsure = await bench.keelson('restore', 'minority', '--wait');
    const restored = await bench.keelson('restore', 'minority', '--yes', '--wait');

    // Assess
    expect(lastError?.advice).toContain('keelson restore minority');
    expect(unsure).toMatchObject({ code: 2 });
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    await expectRestored('minority');
  });

  it('brings a cluster back that has lost every server', async () => {
    // Prepare
    const instances = await prepared('gone');
    await terminate('gone', ...instances);
    await lostQuorum('gone');

    // Act
    const restored = await bench.keelson('restore', 'gone', '--yes', '--wait');

    // Assess
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    const { nodes } = await expectRestored('gone');
    expect(nodes.map(({ generation }) => generation)).toEqual([2, 2, 2, 2]);
  });

  it('takes a cluster that serves back to a time, keeps its instances, and is gone on with by another worker', async () => {
    // Prepare
    const instances = await prepared('serving');
    const from = (await statusOf(bench, 'serving')).backup.id ?? '';
    await make(instances[0] ?? '', 'later');
    expect(await bench.keelson('backup', 'serving', '--wait')).toMatchObject({ code: 0 });

    // Act
    const restoring = bench.keelson('restore', 'serving', '--from', from, '--yes', '--wait');
    for (const kind of ['rehearse', 'restore']) {
      await expect
        .poll(async () => (await statusOf(bench, 'serving')).operation?.steps.map((step) => step.kind), {
          timeout: 60_000,
          interval: 20,
        })
        .toContain(kind);
      bench.stack.worker().kill('SIGKILL');
      await bench.stack.worker().ended;
      await bench.stack.startWorker();
    }
    const restored = await restoring;

    // Assess
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    await expectRestored('serving');
    expect(await instancesOf(bench, 'serving')).toEqual(instances);
  });
});

describe('a restore that cannot be', () => {
  const key = (name: string, uid: string, id: string, part: string) => `backups/${name}/${uid}/${id}.${part}`;

  it('says why, with what to do, and what served before still serves', async () => {
    // Prepare
    const instances = await prepared('intact');
    const { uid, backup } = await statusOf(bench, 'intact');
    const id = backup.id ?? '';
    const [snapshot = Buffer.alloc(0), token = Buffer.alloc(0)] = await Promise.all(
      ['snapshot', 'token'].map((part) => read(key('intact', uid, id, part))),
    );
    const manifest = JSON.parse((await read(key('intact', uid, id, 'json'))).toString());
    const store = (part: string, body: Buffer | string) => write(key('intact', uid, id, part), body);

    // Act
    await store('snapshot', snapshot.subarray(0, snapshot.length - 10));
    const cut = await bench.keelson('restore', 'intact', '--yes', '--wait');
    await store('snapshot', snapshot);
    await store('token', token.toString().replace(/.{4}\n$/, 'beef\n'));
    const otherToken = await bench.keelson('restore', 'intact', '--yes', '--wait');
    await store('token', token);
    await store('json', JSON.stringify({ ...manifest, k3s: 'v1.35.0+k3s1' }));
    const newer = await bench.keelson('restore', 'intact', '--yes', '--wait');
    await store('json', JSON.stringify({ ...manifest, uid: 'another' }));
    const another = await bench.temporal(
      ...['workflow', 'update', 'execute', '--workflow-id', 'cluster/intact', '--name', 'restore'],
      ...['--input', JSON.stringify({ confirm: 'intact', from: id })],
    );
    await expect.poll(async () => (await statusOf(bench, 'intact')).operation, { timeout: 60_000 }).toBeNull();
    const { operations } = await statusOf(bench, 'intact');
    await store('json', JSON.stringify(manifest));
    const never = await bench.keelson('restore', 'intact', '--from', '2020-01-01T00:00', '--yes');
    const nonsense = await bench.keelson('restore', 'intact', '--from', 'yesterday', '--yes');

    // Assess
    expect(cut).toMatchObject({ code: 1, stderr: expect.stringContaining('SnapshotDamaged') });
    expect(otherToken).toMatchObject({ code: 1, stderr: expect.stringContaining('SnapshotTokenMismatch') });
    expect(newer).toMatchObject({ code: 1, stderr: expect.stringContaining('SnapshotTooNew') });
    expect(another.code).toBe(0);
    expect(operations.at(-1)?.steps.map(({ error }) => error?.code)).toContain('BackupOfAnother');
    expect(never).toMatchObject({ code: 4 });
    expect(nonsense).toMatchObject({ code: 2 });
    expect(await instancesOf(bench, 'intact')).toEqual(instances);
    for (const instance of instances.slice(0, 3))
      expect(await configMapsOn(bench, instance)).toEqual(['configmap/after', 'configmap/before']);
  });
});
