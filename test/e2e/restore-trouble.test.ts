/** What stands in the way of a backup or a restore: one clear error each, and what served before still serves. Snapshots that cannot be restored: restore.test.ts. */
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { configMapsOn, instancesOf, kubectlOn, statusOf } from './support/kubectl.js';

/** One server, which the tests share: none of them takes anything from it. */
const NAME = 'shop';
const BOTH = ['configmap/after', 'configmap/before'];

let fixture: StackFixture;
let server: string;
beforeAll(async () => {
  fixture = await openStackFixture();
  server = (await prepared(NAME))[0] ?? '';
});
afterEach(() => fixture.region('faults', { method: 'DELETE' }));
afterAll(() => fixture?.close());

const make = (instance: string, name: string) =>
  kubectlOn(fixture, instance, 'create', 'configmap', name, '--from-literal=a=b');

/** A cluster with a ConfigMap, a backup, and a ConfigMap after it. @returns its instances */
async function prepared(name: string, spec: Record<string, unknown> = {}): Promise<string[]> {
  expect(await fixture.keelson('apply', '-f', fixture.document(name, spec), '--wait')).toMatchObject({ code: 0 });
  const instances = await instancesOf(fixture, name);
  await make(instances[0] ?? '', 'before');
  expect(await fixture.keelson('backup', name, '--wait')).toMatchObject({ code: 0 });
  await make(instances[0] ?? '', 'after');
  return instances;
}

const fault = (plan: object) => fixture.region('faults', { method: 'POST', body: JSON.stringify(plan) });
const noFaults = () => fixture.region('faults', { method: 'DELETE' });

/** The step of that kind that is under way. */
const stepOf = async (name: string, kind: string) =>
  (await statusOf(fixture, name)).operation?.steps.find((step) => step.kind === kind && step.outcome === 'running');
const POLL = { interval: 50 };

/** The bucket answers what is asked of keys below backups/ so. */
const refuseBackups = (action: 'GetObject' | 'PutObject', part: string, status: number, code: string) =>
  fault({
    service: 's3',
    action,
    match: { key: `backups/*${part}` },
    error: { code, status, message: `by the test: ${code}` },
  });

describe('a backup', () => {
  it.each([
    ['is full', 507, 'XMinioStorageFull', 'BucketFull'],
    ['refuses', 403, 'AccessDenied', 'BucketRefused'],
    ['is gone', 404, 'NoSuchBucket', 'BucketMissing'],
  ])('says that the bucket %s, and the cluster serves on', async (_, status, code, said) => {
    // Prepare
    await refuseBackups('PutObject', '', status, code);

    // Act
    const failed = await fixture.keelson('backup', NAME, '--wait');

    // Assess
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
    expect(failed.stderr).toContain('  -> ');
    expect(failed.stderr, 'a step that failed is not said to be done').not.toContain('to the bucket: done');
    expect(await configMapsOn(fixture, server)).toEqual(BOTH);
    expect((await statusOf(fixture, NAME)).phase).toBe('Running');
  });

  it('is taken when the bucket takes it again', async () => {
    expect(await fixture.keelson('backup', NAME, '--wait')).toMatchObject({ code: 0 });
  });
});

describe('a restore of a cluster that serves', () => {
  it('says what it would lose and does nothing, where no one says --yes and no one can be asked', async () => {
    // Act
    const unsure = await fixture.keelson('restore', NAME, '--wait');

    // Assess
    expect(unsure).toMatchObject({ code: 2, stderr: expect.stringContaining(`keelson restore ${NAME} --yes`) });
    expect(unsure.stderr).toContain('lost');
    expect((await statusOf(fixture, NAME)).operations.map(({ kind }) => kind)).not.toContain('restore');
    expect(await configMapsOn(fixture, server)).toEqual(BOTH);
  });

  it('ends when the bucket does not give the backup, and is not carried out later when it does', async () => {
    // Prepare
    await refuseBackups('GetObject', '.snapshot', 403, 'AccessDenied');

    // Act
    const refused = await fixture.keelson('restore', NAME, '--yes', '--wait');

    // Assess
    expect(refused, refused.stderr).toMatchObject({ code: 1, stderr: expect.stringContaining('BucketRefused') });
    const { operation, operations } = await statusOf(fixture, NAME);
    expect(operation).toBeNull();
    expect(operations.at(-1)).toMatchObject({ kind: 'restore', outcome: 'failed' });
    expect(await configMapsOn(fixture, server)).toEqual(BOTH);
  });

  it('stops at a node without space for it, and starts K3s again', async () => {
    // Prepare
    await fault({
      point: 'k3s.reset',
      effect: 'exit',
      error: { code: 'NoSpace', status: 500, message: 'write snap/db: no space left on device' },
    });

    // Act
    const full = await fixture.keelson('restore', NAME, '--yes', '--wait');

    // Assess
    expect(full, full.stderr).toMatchObject({ code: 1, stderr: expect.stringContaining('DiskFull') });
    expect(await configMapsOn(fixture, server)).toEqual(BOTH);
  });

  it('says that the token of the backup is lost', async () => {
    // Prepare
    const { uid, backup } = await statusOf(fixture, NAME);
    const s3 = new S3Client({
      endpoint: fixture.stack.region.url,
      region: 'eu-west-1',
      credentials: CREDENTIALS.admin,
      forcePathStyle: true,
    });
    const Key = `backups/${NAME}/${uid}/${backup.id}.token`;
    await s3.send(new DeleteObjectCommand({ Bucket: fixture.stack.env['KEELSON_BUCKET'], Key }));

    // Act
    const lost = await fixture.keelson('restore', NAME, '--yes', '--wait');

    // Assess
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining('BackupIncomplete') });
    expect(await configMapsOn(fixture, server)).toEqual(BOTH);
  });

  it('is refused while another one is under way, which goes on; clocks that are an hour off change nothing', async () => {
    // Prepare
    await fixture.region(`machines/${server}`, {
      method: 'POST',
      body: JSON.stringify({ clockOffsetSeconds: -3_600 }),
    });
    const taken = await fixture.keelson('backup', NAME, '--wait');
    await make(server, 'later');
    await fault({ point: 'span', match: { kind: 'restore' }, hold: true });

    // Act
    const restoring = fixture.keelson('restore', NAME, '--yes', '--wait');
    await expect.poll(() => stepOf(NAME, 'rehearse'), POLL).toBeDefined();
    const second = await fixture.keelson('restore', NAME, '--yes');
    await noFaults();
    const first = await restoring;

    // Assess
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(second).toMatchObject({ code: 4, stderr: expect.stringContaining('under way') });
    expect(await configMapsOn(fixture, server)).toEqual(BOTH);
  });
});

describe('a restore of a cluster that is lost', () => {
  it('says first why it has failed, also when it is asked later, and brings the cluster back when it is asked again', async () => {
    // Prepare
    const [instance] = await prepared('alone');
    expect(await fixture.keelson('pause', 'alone', '--wait')).toMatchObject({ code: 0 });
    await fixture.region(`instances/${instance}/terminate?hard`, { method: 'POST' });
    expect(await fixture.keelson('resume', 'alone')).toMatchObject({ code: 0 });
    await expect.poll(async () => (await statusOf(fixture, 'alone')).lastError?.code, POLL).toBe('QuorumLost');
    await fault({
      point: 'k3s.reset',
      effect: 'exit',
      error: { code: 'Damaged', status: 500, message: 'snapshot missing hash but --skip-hash-check=false' },
    });

    // Act
    const failed = await fixture.keelson('restore', 'alone', '--yes', '--wait');
    const status = await statusOf(fixture, 'alone');
    const explained = await fixture.keelson('explain', 'alone');
    const drill = await fixture.keelson('drill', 'alone');
    await noFaults();
    const restored = await fixture.keelson('restore', 'alone', '--yes', '--wait');

    // Assess
    expect(failed, failed.stderr).toMatchObject({ code: 1, stderr: expect.stringContaining('SnapshotDamaged') });
    expect(status).toMatchObject({ phase: 'Failed', operation: null, lastError: { code: 'SnapshotDamaged' } });
    expect(status.lastError?.message).toContain('nothing was restored, and the cluster has lost its quorum');
    expect(status.lastError?.hint).toContain('keelson restore alone --from');
    expect(explained.stdout.split('\n').find((line) => line !== '')).toContain('SnapshotDamaged');
    expect(drill.stderr).toContain('has failed (SnapshotDamaged)');
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    const [again] = await instancesOf(fixture, 'alone');
    expect(await configMapsOn(fixture, again ?? '')).toEqual(['configmap/before']);
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});

describe('a restore that loses the server which it restores', () => {
  it('goes on with another one, and every server has what the backup holds', async () => {
    // Prepare
    await prepared('lost', { mode: 'ha' });
    // The first one is the rehearsal.
    await fault({ point: 'span', match: { kind: 'restore' }, hold: true, skip: 1 });
    const restoring = fixture.keelson('restore', 'lost', '--yes', '--wait');
    await expect.poll(() => stepOf('lost', 'restore'), POLL).toBeDefined();
    const slot = (await stepOf('lost', 'restore'))?.slot;
    const victim = (await statusOf(fixture, 'lost')).nodes.find((node) => node.slot === slot)?.instanceId;

    // Act
    await fixture.region(`instances/${victim}/terminate?hard`, { method: 'POST' });
    await noFaults();
    const restored = await restoring;

    // Assess
    expect(victim).toBeDefined();
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    const { nodes } = await statusOf(fixture, 'lost');
    expect(nodes.map(({ voter }) => voter)).toEqual(['True', 'True', 'True']);
    expect(nodes.map(({ instanceId }) => instanceId)).not.toContain(victim);
    for (const { instanceId } of nodes)
      expect(await configMapsOn(fixture, instanceId ?? '')).toEqual(['configmap/before']);
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});
