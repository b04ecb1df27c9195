import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupManifest } from '#src/model/backup/manifest.js';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { instancesOf, kubectlOn, statusOf } from './support/kubectl.js';

const NAME = 'drilled';

let fixture: StackFixture;
let instances: string[];
/** What the cluster has in AWS before the first drill. */
let before: unknown;
beforeAll(async () => {
  fixture = await openStackFixture();
  const document = fixture.document(NAME, { backup: { schedule: '0 0 1 1 *' } });
  expect(await fixture.keelson('apply', '-f', document, '--wait')).toMatchObject({ code: 0 });
  instances = await instancesOf(fixture, NAME);
  const [server = ''] = instances;
  for (let count = 0; count < 15; count += 1)
    await kubectlOn(fixture, server, 'create', 'configmap', `kept-${count}`, '--from-literal=a=b');
  expect(await fixture.keelson('backup', NAME, '--wait')).toMatchObject({ code: 0 });
  before = await leftovers();
});
afterAll(() => fixture?.close());

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

const proven = ({ conditions }: StatusView) => conditions.find(({ type }) => type === 'BackupProven');

/** The key of a part of the newest backup. */
async function keyOf(part: string): Promise<string> {
  const { uid, backup } = await statusOf(fixture, NAME);
  return `backups/${NAME}/${uid}/${backup.id}.${part}`;
}

interface Launched {
  state: string;
  tags: Record<string, string>;
}

/** Machines of drills, of all times. */
async function machines(): Promise<Launched[]> {
  const all = await fixture.region<Launched[]>('instances');
  return all.filter(({ tags }) => tags['keelson:slot'] === 'drill');
}

const leftovers = () => fixture.region(`leftovers?cluster=${NAME}`);

/** No machine and no group of a drill is left, and the cluster is as it was. */
async function expectUntouched(): Promise<void> {
  expect((await machines()).filter(({ state }) => state !== 'terminated')).toEqual([]);
  expect(await leftovers()).toEqual(before);
  expect(await instancesOf(fixture, NAME)).toEqual(instances);
  expect(await fixture.region('duplicates')).toEqual([]);
  // After the loss of a worker it may be a round of the region watch that makes it so.
  const isWell = async () => {
    const { health, operation, lastError } = await statusOf(fixture, NAME);
    return { health, operation, lastError };
  };
  await expect.poll(isWell).toEqual({ health: 'Healthy', operation: null, lastError: null });
}

describe('a drill', () => {
  it('restores the newest backup on a machine of its own, counts what is there, and leaves nothing', async () => {
    // Prepare
    const { objectCounts }: BackupManifest = JSON.parse((await read(await keyOf('json'))).toString());
    const objects = Object.values(objectCounts).reduce((sum, count) => sum + count, 0);
    const never = proven(await statusOf(fixture, NAME));

    // Act
    const drilled = await fixture.keelson('drill', NAME, '--wait');

    // Assess
    expect(drilled, drilled.stderr).toMatchObject({ code: 0 });
    expect(never).toMatchObject({ status: 'Unknown', reason: 'NeverDrilled' });
    const status = await statusOf(fixture, NAME);
    expect(proven(status)).toMatchObject({ status: 'True' });
    expect(status.drill.last).toMatchObject({ backup: status.backup.id, objects, problem: null });
    expect(objectCounts['configmaps']).toBeGreaterThanOrEqual(15);
    expect(drilled.stdout).toContain(`backup ${status.backup.id} is proven`);
    await expectUntouched();
  });

  it('is gone on with by another worker, with one machine', async () => {
    // Prepare: the drill does not end before its worker does
    const earlier = (await machines()).length;
    const agents = { id: 'agents', point: 'span', match: { kind: 'agent' }, hold: true };
    await fixture.region('faults', { method: 'POST', body: JSON.stringify(agents) });
    const drilling = fixture.keelson('drill', NAME, '--wait');
    await expect.poll(async () => (await machines()).length).toBe(earlier + 1);

    // Act
    fixture.stack.worker().kill('SIGKILL');
    await fixture.stack.worker().ended;
    await fixture.region('faults/agents', { method: 'DELETE' });
    await fixture.stack.startWorker();
    const drilled = await drilling;

    // Assess
    expect(drilled, drilled.stderr).toMatchObject({ code: 0 });
    expect((await machines()).length).toBe(earlier + 1);
    await expectUntouched();
  });

  it.each<[string, string, string, number, (whole: Buffer) => Buffer | null]>([
    ['a snapshot that is cut', 'snapshot', 'SnapshotDamaged', 1, (whole) => whole.subarray(0, whole.length - 20)],
    [
      'a token of another time',
      'token',
      'SnapshotTokenMismatch',
      1,
      (whole) => Buffer.from(`${String(whole).trim()}x\n`),
    ],
    ['a token that is lost', 'token', 'BackupIncomplete', 0, () => null],
    [
      'a manifest of another cluster',
      'json',
      'BackupOfAnother',
      0,
      (whole) => Buffer.from(String(whole).replace(/"cluster": ?"drilled"/, '"cluster": "other"')),
    ],
    [
      'a snapshot that has less than its manifest counts',
      'json',
      'BackupLacksObjects',
      1,
      (whole) => Buffer.from(String(whole).replace(/"secrets": ?\d+/, '"secrets": 400')),
    ],
  ])('says what is wrong with %s, and touches nothing of the cluster', async (_, part, code, launches, corrupt) => {
    // Prepare
    const earlier = (await machines()).length;
    const key = await keyOf(part);
    const whole = await read(key);
    const corrupted = corrupt(whole);
    if (corrupted === null) await s3().send(new DeleteObjectCommand(at(key)));
    else await write(key, corrupted);

    // Act
    const drilled = await fixture.keelson('drill', NAME, '--wait');
    await write(key, whole);

    // Assess
    expect(drilled).toMatchObject({ code: 1, stderr: expect.stringContaining(code) });
    expect(proven(await statusOf(fixture, NAME))).toMatchObject({ status: 'False', reason: code });
    expect((await machines()).length - earlier).toBe(launches);
    await expectUntouched();
  });

  it('is ended by a delete of its cluster, and nothing of either is left', async () => {
    // Prepare
    const earlier = (await machines()).length;
    expect(await fixture.keelson('drill', NAME)).toMatchObject({ code: 0 });
    await expect.poll(async () => (await machines()).length, { interval: 20 }).toBe(earlier + 1);

    // Act
    const deleted = await fixture.keelson('delete', NAME, '--yes', '--wait');

    // Assess
    expect(deleted, deleted.stderr).toMatchObject({ code: 0 });
    expect(await leftovers()).toMatchObject({ total: 0 });
    expect((await machines()).filter(({ state }) => state !== 'terminated')).toEqual([]);
  });
});
