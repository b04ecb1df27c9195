/** A snapshot that is larger than one upload may be: it goes in parts, and nothing is left of an upload that fails. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { configMapsOn, instancesOf, kubectlOn } from './support/kubectl.js';

const NAME = 'large';
/** The simulator's snapshots have some hundred bytes. */
const PART_BYTES = 150;

let fixture: StackFixture;
let server: string;
beforeAll(async () => {
  fixture = await openStackFixture({ env: { ...process.env, KEELSON_BACKUP_PART_BYTES: `${PART_BYTES}` } });
  expect(await fixture.keelson('apply', '-f', fixture.document(NAME), '--wait')).toMatchObject({ code: 0 });
  server = (await instancesOf(fixture, NAME))[0] ?? '';
  await kubectlOn(fixture, server, 'create', 'configmap', 'before', '--from-literal=a=b');
});
afterEach(() => fixture.region('faults', { method: 'DELETE' }));
afterAll(() => fixture?.close());

const post = (path: string, body: object) => fixture.region(path, { method: 'POST', body: JSON.stringify(body) });
const callsOf = async (action: string) =>
  (await fixture.region<{ calls: CallEntry[] }>('record')).calls.filter((call) => call.action === action);
const uploadsLeft = async () => (await fixture.region<{ uploads: string[] }>('leftovers')).uploads;
const backups = async () =>
  (JSON.parse((await fixture.keelson('backups', NAME, '-o', 'json')).stdout) as { backups: unknown[] }).backups;

describe('a backup that goes in parts', () => {
  it('fails at a bucket that asks for larger ones, as S3 does, and leaves nothing', async () => {
    // Act
    const refused = await fixture.keelson('backup', NAME, '--wait');

    // Assess
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('EntityTooSmall') });
    expect((await callsOf('UploadPart')).length).toBeGreaterThan(1);
    expect(await uploadsLeft()).toEqual([]);
    expect(await backups()).toEqual([]);
  });

  it('fails when a part is refused, and leaves nothing', async () => {
    // Prepare
    await post('s3', { leastPartBytes: PART_BYTES });
    await post('faults', {
      service: 's3',
      action: 'UploadPart',
      nth: 2,
      error: { code: 'AccessDenied', status: 403, message: 'by the test' },
    });

    // Act
    const refused = await fixture.keelson('backup', NAME, '--wait');

    // Assess
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('BucketRefused') });
    expect(await uploadsLeft()).toEqual([]);
    expect(await backups()).toEqual([]);
  });

  it('is whole, restores, and has one upload, also when its worker dies while parts are sent', async () => {
    // Prepare
    const { length: before } = await callsOf('CreateMultipartUpload');
    await post('faults', { service: 's3', action: 'UploadPart', delayMs: 1_000 });

    // Act
    const taking = fixture.keelson('backup', NAME, '--wait');
    await expect.poll(async () => (await callsOf('CreateMultipartUpload')).length, { interval: 20 }).toBe(before + 1);
    const { length: sent } = await callsOf('UploadPart');
    await expect.poll(async () => (await callsOf('UploadPart')).length, { interval: 20 }).toBeGreaterThan(sent);
    fixture.stack.worker().kill('SIGKILL');
    await fixture.stack.worker().ended;
    await fixture.stack.startWorker();
    const taken = await taking;
    await kubectlOn(fixture, server, 'create', 'configmap', 'after', '--from-literal=a=b');
    const restored = await fixture.keelson('restore', NAME, '--yes', '--wait');

    // Assess
    expect(taken, taken.stderr).toMatchObject({ code: 0 });
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    expect(await configMapsOn(fixture, server)).toEqual(['configmap/before']);
    expect((await callsOf('CreateMultipartUpload')).length).toBe(before + 1);
    expect(await uploadsLeft()).toEqual([]);
    expect(await backups()).toHaveLength(1);
  });
});
