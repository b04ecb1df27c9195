import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { opensApi } from './support/api-watch.js';
import { configMapsOn, instancesOf, kubectlOn, statusOf } from './support/kubectl.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const make = (instance: string, name: string) =>
  kubectlOn(fixture, instance, 'create', 'configmap', name, '--from-literal=a=b');

/** With snapshots of K3s's own in another bucket: a restore must not look for a backup of Keelson there. [k3s #8727] */
const K3S = { version: 'v1.34.2+k3s1', config: { 'etcd-s3': true, 'etcd-s3-bucket': 'snapshots-of-k3s' } };

/** All at once, as the cluster sees it: else it begins to replace the first one while the others go. */
async function terminate(name: string, ...instances: string[]): Promise<void> {
  expect(await fixture.keelson('pause', name, '--wait')).toMatchObject({ code: 0 });
  for (const id of instances) await fixture.region(`instances/${id}/terminate?hard`, { method: 'POST' });
  expect(await fixture.keelson('resume', name)).toMatchObject({ code: 0 });
}

/** Three servers and an agent, a ConfigMap, a backup, and a ConfigMap after it. */
async function prepared(name: string): Promise<string[]> {
  const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];
  const applied = await fixture.keelson(
    'apply',
    '-f',
    fixture.document(name, { mode: 'ha', pools, k3s: K3S }),
    '--wait',
  );
  expect(applied).toMatchObject({ code: 0 });
  const instances = await instancesOf(fixture, name);
  await make(instances[0] ?? '', 'before');
  expect(await fixture.keelson('backup', name, '--wait')).toMatchObject({ code: 0 });
  await make(instances[0] ?? '', 'after');
  expect(await configMapsOn(fixture, instances[0] ?? '')).toEqual(['configmap/after', 'configmap/before']);
  return instances;
}

/** What holds after each kind of restore. */
async function expectRestored(name: string): Promise<StatusView> {
  const status = await statusOf(fixture, name);
  const servers = status.nodes.filter(({ role }) => role === 'server');
  expect(status).toMatchObject({ phase: 'Running', operation: null });
  expect(servers.map(({ ready, voter }) => ({ ready, voter }))).toEqual(
    servers.map(() => ({ ready: 'True', voter: 'True' })),
  );
  expect(servers).toHaveLength(3);
  for (const { instanceId } of servers) {
    expect(await configMapsOn(fixture, instanceId ?? '')).toEqual(['configmap/before']);
    const { stdout } = await kubectlOn(fixture, instanceId ?? '', 'get', 'nodes', '-o', 'name');
    expect(stdout.split('\n').sort(), 'no stale Node').toEqual(status.nodes.map((node) => `node/${node.name}`).sort());
  }
  const kubeconfig = await fixture.keelson('kubeconfig', name);
  expect(kubeconfig).toMatchObject({ code: 0, stdout: expect.stringContaining(status.apiAddress ?? '?') });
  expect(servers.map(({ publicIp }) => publicIp)).toContain(status.apiAddress);
  await expect.poll(() => opensApi(kubeconfig.stdout, status.apiAddress ?? '')).toBe(true);
  expect(await fixture.region('duplicates')).toEqual([]);
  return status;
}

const s3 = () =>
  new S3Client({
    endpoint: fixture.stack.region.url,
    region: fixture.stack.env['AWS_REGION'] ?? 'eu-west-1',
    credentials: CREDENTIALS.admin,
    forcePathStyle: true,
  });
const at = (Key: string) => ({ Bucket: fixture.stack.env['KEELSON_BUCKET'], Key });

async function read(key: string): Promise<Buffer> {
  const { Body } = await s3().send(new GetObjectCommand(at(key)));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

const write = (key: string, body: Buffer | string) => s3().send(new PutObjectCommand({ ...at(key), Body: body }));

/** What the cluster says is wrong; as long as nothing is, what it is doing, which a failure then shows. */
async function saidOf(name: string): Promise<string> {
  const { lastError, phase, operation, waiting, conditions, nodes } = await statusOf(fixture, name);
  if (lastError !== null) return lastError.code;
  const failing = conditions
    .filter(({ status }) => status === 'False')
    .map(({ type, message }) => `${type}: ${message}`);
  const power = nodes.map((node) => `${node.name} ${node.power}`);
  return [phase, operation?.kind ?? 'at rest', `waits for ${waiting?.for ?? 'nothing'}`, ...failing, ...power].join(
    '; ',
  );
}

const lostQuorum = (name: string) => expect.poll(() => saidOf(name), { interval: 100 }).toBe('QuorumLost');

describe('a restore in place', () => {
  it('brings a cluster back that has one server left, by the command that QuorumLost names', async () => {
    // Prepare
    const [, one = '', two = ''] = await prepared('minority');
    await terminate('minority', one, two);
    await lostQuorum('minority');
    const { lastError } = await statusOf(fixture, 'minority');

    // Act
    const unsure = await fixture.keelson('restore', 'minority', '--wait');
    const restored = await fixture.keelson('restore', 'minority', '--yes', '--wait');

    // Assess
    expect(lastError?.hint).toContain('keelson restore minority');
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
    const restored = await fixture.keelson('restore', 'gone', '--yes', '--wait');

    // Assess
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    const { nodes } = await expectRestored('gone');
    expect(nodes.map(({ generation }) => generation)).toEqual([2, 2, 2, 2]);
  });

  it('takes a cluster that serves back to a time, keeps its instances, and is gone on with by another worker', async () => {
    // Prepare
    const instances = await prepared('serving');
    const from = (await statusOf(fixture, 'serving')).backup.id ?? '';
    await make(instances[0] ?? '', 'later');
    expect(await fixture.keelson('backup', 'serving', '--wait')).toMatchObject({ code: 0 });
    // As on a build of K3s that other servers reach while it resets.
    await fixture.region('faults', {
      method: 'POST',
      body: JSON.stringify({ point: 'k3s.reset', effect: 'reachable' }),
    });

    // Act
    const restoring = fixture.keelson('restore', 'serving', '--from', from, '--yes', '--wait');
    for (const kind of ['rehearse', 'restore']) {
      await expect
        .poll(async () => (await statusOf(fixture, 'serving')).operation?.steps.map((step) => step.kind), {
          interval: 20,
        })
        .toContain(kind);
      fixture.stack.worker().kill('SIGKILL');
      await fixture.stack.worker().ended;
      await fixture.stack.startWorker();
    }
    const restored = await restoring;

    // Assess
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    await expectRestored('serving');
    expect(await instancesOf(fixture, 'serving')).toEqual(instances);
  });
});

describe('a restore that cannot be', () => {
  const key = (name: string, uid: string, id: string, part: string) => `backups/${name}/${uid}/${id}.${part}`;

  it('says why, with what to do, and what served before still serves', async () => {
    // Prepare
    const instances = await prepared('intact');
    const { uid, backup } = await statusOf(fixture, 'intact');
    const id = backup.id ?? '';
    const [snapshot = Buffer.alloc(0), token = Buffer.alloc(0)] = await Promise.all(
      ['snapshot', 'token'].map((part) => read(key('intact', uid, id, part))),
    );
    const manifest = JSON.parse((await read(key('intact', uid, id, 'json'))).toString());
    const store = (part: string, body: Buffer | string) => write(key('intact', uid, id, part), body);

    // Act
    await store('snapshot', snapshot.subarray(0, snapshot.length - 10));
    const cut = await fixture.keelson('restore', 'intact', '--yes', '--wait');
    await store('snapshot', snapshot);
    await store('token', token.toString().replace(/.{4}\n$/, 'beef\n'));
    const otherToken = await fixture.keelson('restore', 'intact', '--yes', '--wait');
    await store('token', token);
    await store('json', JSON.stringify({ ...manifest, k3s: 'v1.35.0+k3s1' }));
    const newer = await fixture.keelson('restore', 'intact', '--yes', '--wait');
    await store('json', JSON.stringify({ ...manifest, uid: 'another' }));
    const another = await fixture.temporal(
      ...['workflow', 'update', 'execute', '--workflow-id', 'cluster/intact', '--name', 'restore'],
      ...['--input', JSON.stringify({ confirm: 'intact', from: id })],
    );
    await expect.poll(async () => (await statusOf(fixture, 'intact')).operation).toBeNull();
    const { operations } = await statusOf(fixture, 'intact');
    await store('json', JSON.stringify(manifest));
    const never = await fixture.keelson('restore', 'intact', '--from', '2020-01-01T00:00', '--yes');
    const nonsense = await fixture.keelson('restore', 'intact', '--from', 'yesterday', '--yes');

    // Assess
    expect(cut).toMatchObject({ code: 1, stderr: expect.stringContaining('SnapshotDamaged') });
    expect(otherToken).toMatchObject({ code: 1, stderr: expect.stringContaining('SnapshotTokenMismatch') });
    expect(newer).toMatchObject({ code: 1, stderr: expect.stringContaining('SnapshotTooNew') });
    expect(another.code).toBe(0);
    expect(operations.at(-1)?.steps.map(({ error }) => error?.code)).toContain('BackupOfAnother');
    expect(never).toMatchObject({ code: 4 });
    expect(nonsense).toMatchObject({ code: 2 });
    expect(await instancesOf(fixture, 'intact')).toEqual(instances);
    for (const instance of instances.slice(0, 3))
      expect(await configMapsOn(fixture, instance)).toEqual(['configmap/after', 'configmap/before']);
  });
});
