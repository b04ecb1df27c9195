import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporalEvidence } from '../../packages/local-stack/src/evidence.js';
import { FakeActivities, failed as refusal } from './fake-activities.js';
import { written } from './fixture.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

/** Of a quiet cluster without backups: see quiet.test.ts. */
const ACTIONS_A_DAY = 60;
const ACTIONS_A_BACKUP = 2;
const HOURS_A_DAY = 24;

const fake = new FakeActivities();
let time: SkippedTime;
beforeAll(async () => {
  time = await openSkippedTime(fake);
});
afterAll(() => time?.close());

describe('a quiet cluster with a backup each hour', () => {
  it('takes them on time, for two actions each, and writes nothing besides', async () => {
    // Prepare
    const cluster = await time.start(written({ backup: { schedule: '0 * * * *' } }, 'hourly'), 'hourly');
    await cluster.healthy();
    const actions = async () => (await temporalEvidence(time.client, 'hourly', null)).temporalActions;
    const before = { actions: await actions(), statuses: fake.statuses.length, jobs: fake.jobs.length };

    // Act
    await time.pass('24h');

    // Assess
    const hours = fake.backups.map(({ at }) => at.slice(0, 13));
    expect(new Set(hours).size).toBe(hours.length);
    expect(hours.length).toBeGreaterThanOrEqual(HOURS_A_DAY - 1);
    expect(fake.statuses.length).toBe(before.statuses);
    expect(fake.jobs.length - before.jobs, 'it goes on being observed').toBeGreaterThanOrEqual(5);
    expect((await actions()) - before.actions).toBeLessThanOrEqual(ACTIONS_A_DAY + hours.length * ACTIONS_A_BACKUP);
    const { conditions, backup, operation } = await cluster.status();
    expect(conditions.find(({ type }) => type === 'BackupFresh')).toMatchObject({ status: 'True' });
    expect(backup).toMatchObject({ at: fake.backups.at(-1)?.at, failures: 0, problem: null });
    expect(operation).toBeNull();
  });

  it('says so when they fail, tries again before the next hour, and is fresh after the first that goes well', async () => {
    // Prepare
    const cluster = await time.start(written({ backup: { schedule: '0 * * * *' } }, 'stale'), 'stale');
    await cluster.healthy();
    const failed = fake.backups.length;
    fake.before = async (name) => {
      if (name === 'saveBackup') throw new Error('the bucket is gone');
    };

    // Act
    await time.pass('6h');
    const stale = await cluster.status();
    fake.before = async () => undefined;
    await time.pass('1h');
    const fresh = await cluster.status();

    // Assess
    const freshness = (status: typeof stale) => status.conditions.find(({ type }) => type === 'BackupFresh');
    expect(freshness(stale)).toMatchObject({ status: 'False', reason: 'Missing' });
    expect(freshness(stale)?.message).toContain('the bucket is gone');
    expect(stale.backup.failures).toBeGreaterThan(5);
    expect(fake.backups.length).toBeGreaterThan(failed);
    expect(freshness(fresh)).toMatchObject({ status: 'True' });
    expect(fresh.health).toBe('Healthy');
  });
});

describe('a rotation', () => {
  it.each([
    ['is done when the server that saves its backup answers late', 'ApiUnreachable', 'node-script', 1, 'done'],
    ['ends when its backup fails three times', 'ApiUnreachable', 'node-script', 9, 'failed'],
    ['ends at once when the bucket takes no backup', 'BucketFull', 'node-script', 1, 'failed'],
  ] as const)('%s', async (_, code, errorClass, failures, outcome) => {
    // Prepare
    const name = `rotating-${code.toLowerCase()}-${failures}`;
    const cluster = await time.start(written({ mode: 'dev' }, name), name);
    await cluster.healthy();
    let left: number = failures;
    fake.before = async (activity) => {
      if (activity !== 'saveBackup' || left === 0) return;
      left -= 1;
      throw refusal({ code, class: errorClass, message: 'by the test', hint: '' });
    };

    // Act
    await cluster.workflow.signal('rotate', { what: 'certificates' });
    await time.pass('30m');
    fake.before = async () => undefined;

    // Assess
    const { operations, operation } = await cluster.status();
    expect(operation).toBeNull();
    expect(operations.findLast(({ kind }) => kind === 'rotate')).toMatchObject({ outcome });
  });
});
