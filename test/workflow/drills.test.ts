import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepInput } from '#src/activities/api.js';
import { temporalEvidence } from '../../packages/local-stack/src/evidence.js';
import { FakeActivities, failed } from './fake-activities.js';
import { written } from './fixture.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

/** Of a quiet cluster without backups: see quiet.test.ts. */
const ACTIONS_A_DAY = 60;

const fake = new FakeActivities();
let time: SkippedTime;
beforeAll(async () => {
  time = await openSkippedTime(fake);
});
afterAll(() => time?.close());

const REFUSED = { code: 'UnauthorizedOperation', class: 'auth', message: 'by the test', hint: '' } as const;

const machines = () => fake.launches.filter(({ slot }) => slot === 'drill').length;

describe('drills each week', () => {
  it('begin with the first backup, come once a week, and cost a quiet day nothing', async () => {
    // Prepare
    const backup = { schedule: '0 0 * * *', drill: 'weekly' };
    const cluster = await time.start(written({ backup }, 'weekly'), 'weekly');
    await cluster.healthy();

    // Act
    await time.pass('2d');
    const first = machines();
    const actions = async () => (await temporalEvidence(time.client, 'weekly', null)).temporalActions;
    const before = await actions();
    await time.pass('24h');
    const spent = (await actions()) - before;
    await time.pass('12d');
    const { drill, conditions } = await cluster.status();

    // Assess
    expect({ first, later: machines() }).toEqual({ first: 1, later: 3 });
    expect(spent).toBeLessThanOrEqual(ACTIONS_A_DAY + 2);
    expect(drill).toMatchObject({ running: null, last: { problem: null } });
    expect(conditions.find(({ type }) => type === 'BackupProven')).toMatchObject({ status: 'True' });
  });

  it('whose workflow was terminated are told as lost, and what they have left is removed', async () => {
    // Prepare
    const cluster = await time.start(written({ backup: { schedule: '0 0 1 1 *' } }, 'lost'), 'lost');
    await cluster.healthy();
    const swept: SweepInput[] = [];
    let refused = true;
    fake.before = async (name, input: SweepInput) => {
      if (name !== 'sweep') return;
      swept.push(input);
      if (refused) throw failed(REFUSED);
    };

    // Act
    await cluster.workflow.signal('drill', {});
    // Both before it launches and at its end; then it waits for the next try, and no activity of it runs: else the server lets no time pass.
    await expect.poll(() => swept.length).toBe(2);
    const drilling = time.client.workflow.getHandle('drill/lost');
    await expect.poll(async () => (await drilling.describe()).raw.pendingActivities?.length ?? 0).toBe(0);
    await drilling.terminate('by hand');
    refused = false;
    swept.length = 0;
    await time.pass('2h');
    const { drill } = await cluster.status();

    // Assess
    expect(drill).toMatchObject({ running: null, last: { problem: { code: 'DrillLost' }, machineSeconds: 0 } });
    expect(swept.map(({ only }) => only)).toEqual(['drill']);
  });
});
