import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporalEvidence } from '../../packages/local-stack/src/evidence.js';
import { FakeActivities } from './fake-activities.js';
import { written } from './fixture.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

/** Of a quiet cluster, promised; a job heartbeats its command's id when it is known, and once more until its answer is there. */
const ACTIONS_A_DAY = 60;
const HEARTBEATS_A_JOB = 2;

const fake = new FakeActivities();
let time: SkippedTime;
beforeAll(async () => {
  time = await openSkippedTime(fake);
});
afterAll(() => time?.close());

describe('three servers that no one touches', () => {
  it('are looked at a few times a day, cost few actions, and write nothing', async () => {
    // Prepare
    const cluster = await time.start(written({}, 'quiet'), 'quiet');
    await cluster.healthy();
    const actions = async () => (await temporalEvidence(time.client, 'quiet', null)).temporalActions;
    const before = { actions: await actions(), statuses: fake.statuses.length, jobs: fake.jobs.length };

    // Act
    await time.pass('24h');

    // Assess
    const jobs = fake.jobs.length - before.jobs;
    expect(jobs).toBeGreaterThanOrEqual(5);
    expect(fake.statuses.length).toBe(before.statuses);
    expect((await actions()) - before.actions + jobs * HEARTBEATS_A_JOB).toBeLessThanOrEqual(ACTIONS_A_DAY);
  });
});
