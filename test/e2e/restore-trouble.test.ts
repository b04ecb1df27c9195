import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { type Bench, openBench } from './harness.js';
import { configMapsOn, instancesOf, kubectlOn, statusOf } from './support/kubectl.js';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ runMs: 150_000 });
});
afterAll(() => bench?.close());

const make = (instance: string, name: string) =>
  kubectlOn(bench, instance, 'create', 'configmap', name, '--from-literal=a=b');

/** A cluster with a ConfigMap, a backup, and a ConfigMap after it. */
async function prepared(name: string, spec: Record<string, unknown> = {}): Promise<string[]> {
  expect(await bench.keelson('apply', '-f', bench.document(name, spec), '--wait')).toMatchObject({ code: 0 });
  const instances = await instancesOf(bench, name);
  await make(instances[0] ?? '', 'before');
  expect(await bench.keelson('backup', name, '--wait')).toMatchObject({ code: 0 });
  await make(instances[0] ?? '', 'after');
  return instances;
}

const fault = (plan: object) => bench.region('faults', { method: 'POST', body: JSON.stringify(plan) });
const noFaults = () => bench.region('faults', { method: 'DELETE' });

/** Uploads below backups/ are answered so. */
const refuseBackups = (status: number, code: string) =>
  fault({
    service: 's3',
    action: 'PutObject',
    match: { key: 'backups/*' },
    error: { code, status, message: `by the test: ${code}` },
  });

describe('a bucket that does not take the backup', () => {
  it('fails the backup with one code each, and the cluster serves on', async () => {
    // Prepare
    const instances = await prepared('bucket');
    const said: Record<string, string> = {};

    // Act
    for (const [what, status, code] of [
      ['full', 507, 'XMinioStorageFull'],
      ['denied', 403, 'AccessDenied'],
      ['gone', 404, 'NoSuchBucket'],
    ] as const) {
      await refuseBackups(status, code);
      const ran = await bench.keelson('backup', 'bucket', '--wait');
      await noFaults();
      expect(ran.code, ran.stderr).toBe(1);
      said[what] = ran.stderr;
    }
    const again = await bench.keelson('backup', 'bucket', '--wait');

    // Assess
    expect(said['full']).toContain('BucketFull');
    expect(said['denied']).toContain('BucketRefused');
    expect(said['gone']).toContain('BucketMissing');
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(await configMapsOn(bench, instances[0] ?? '')).toEqual(['configmap/after', 'configmap/before']);
  });
});

describe('a restore', () => {
  it('of a backup whose token is lost says so, and a second one beside it is refused', async () => {
    // Prepare
    const instances = await prepared('token');
    const { uid, backup } = await statusOf(bench, 'token');
    const s3 = new S3Client({
      endpoint: bench.stack.region.url,
      region: 'eu-west-1',
      credentials: CREDENTIALS.admin,
      forcePathStyle: true,
    });
    await s3.send(
      new DeleteObjectCommand({
        Bucket: bench.stack.env['KEELSON_BUCKET'],
        Key: `backups/token/${uid}/${backup.id}.token`,
      }),
    );

    // Act
    const lost = await bench.keelson('restore', 'token', '--yes', '--wait');
    expect(await bench.keelson('backup', 'token', '--wait')).toMatchObject({ code: 0 });
    const first = await bench.keelson('restore', 'token', '--yes');
    const second = await bench.keelson('restore', 'token', '--yes');
    await expect
      .poll(async () => (await statusOf(bench, 'token')).operations.at(-1), { timeout: 90_000 })
      .toMatchObject({ kind: 'restore', outcome: 'done' });

    // Assess
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining('BackupIncomplete') });
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(second).toMatchObject({ code: 4, stderr: expect.stringContaining('under way') });
    expect(await configMapsOn(bench, instances[0] ?? '')).toEqual(['configmap/after', 'configmap/before']);
  });

  it('with nodes whose clocks are an hour off brings back the same', async () => {
    // Prepare
    expect(await bench.keelson('apply', '-f', bench.document('clock'), '--wait')).toMatchObject({ code: 0 });
    const [first = ''] = await instancesOf(bench, 'clock');
    await bench.region(`machines/${first}`, {
      method: 'POST',
      body: JSON.stringify({ clockOffsetSeconds: -3_600 }),
    });
    await make(first, 'before');

    // Act
    const taken = await bench.keelson('backup', 'clock', '--wait');
    await make(first, 'after');
    const restored = await bench.keelson('restore', 'clock', '--yes', '--wait');

    // Assess
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    expect(await configMapsOn(bench, first)).toEqual(['configmap/before']);
  });

  it('goes on with another server when it loses the one that it restores', async () => {
    // Prepare
    await prepared('lost', { mode: 'ha' });
    const restoring = bench.keelson('restore', 'lost', '--yes', '--wait');
    const stepOf = async () =>
      (await statusOf(bench, 'lost')).operation?.steps.find(
        ({ kind, outcome }) => kind === 'restore' && outcome === 'running',
      );
    await expect.poll(stepOf, { timeout: 90_000, interval: 20 }).toBeDefined();
    const slot = (await stepOf())?.slot;
    const { nodes } = await statusOf(bench, 'lost');
    const victim = nodes.find((node) => node.slot === (slot ?? 'server-0'))?.instanceId;

    // Act
    await bench.region(`instances/${victim}/terminate?hard`, { method: 'POST' });
    const restored = await restoring;

    // Assess
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    const status = await statusOf(bench, 'lost');
    expect(status.nodes.map(({ voter }) => voter)).toEqual(['True', 'True', 'True']);
    for (const { instanceId } of status.nodes)
      expect(await configMapsOn(bench, instanceId ?? '')).toEqual(['configmap/before']);
    expect(await bench.region('duplicates')).toEqual([]);
  });
});
