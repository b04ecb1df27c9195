import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PreflightInput } from '#src/activities/api.js';
import { FakeActivities, failed } from './fake-activities.js';
import { written } from './fixture.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

const fake = new FakeActivities();
let time: SkippedTime;
/** Whether each look-up was to do without answers of earlier. */
let lookups: boolean[];
beforeAll(async () => {
  time = await openSkippedTime(fake);
});
afterAll(() => time?.close());
beforeEach(() => {
  fake.imageId = 'ami-1';
  fake.vpcId = 'vpc-1';
  fake.zones = ['a', 'b', 'c'];
  fake.launches.length = 0;
  lookups = [];
});

interface Inputs {
  launch?: { imageId: string; subnetId: string };
  vpcId?: string;
}

/** The account has changed since the answers that are kept: a look-up that asks again hears of it. */
function refuse(activity: string, isOld: (input: Inputs) => boolean, code: string, change: () => void): void {
  fake.before = async (name, input: Inputs & PreflightInput) => {
    if (name === 'resolveLaunchConfig') lookups.push(input.again === true);
    if (name === 'resolveLaunchConfig' && input.again) change();
    if (name === activity && isOld(input))
      throw failed({ code, class: 'invalid', message: `${code} by EC2`, hint: '' });
  };
}

const failures = (operations: readonly { outcome: string | null }[]) =>
  operations.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'done');

describe('what was kept of the account and is gone at the first launch', () => {
  it.each([
    {
      what: 'image',
      activity: 'launchInstance',
      code: 'InvalidAMIID.NotFound',
      isOld: ({ launch }: Inputs) => launch?.imageId === 'ami-1',
      change: () => {
        fake.imageId = 'ami-2';
      },
    },
    {
      what: 'subnet',
      activity: 'launchInstance',
      code: 'InvalidSubnetID.NotFound',
      isOld: ({ launch }: Inputs) => launch?.subnetId === 'subnet-a',
      change: () => {
        fake.zones = ['b', 'c'];
      },
    },
    {
      what: 'vpc',
      activity: 'ensureSecurityGroups',
      code: 'InvalidVpcID.NotFound',
      isOld: ({ vpcId }: Inputs) => vpcId === 'vpc-1',
      change: () => {
        fake.vpcId = 'vpc-2';
      },
    },
  ])('is asked for again before an error is told: $what', async ({ what, activity, code, isOld, change }) => {
    // Prepare
    refuse(activity, isOld, code, change);
    // Act
    const cluster = await time.start(written({ mode: 'ha' }, `kept-${what}`), `kept-${what}`);
    const made = await cluster.until((status) => status.phase === 'Running' && status.operation === null);
    // Assess
    expect(lookups).toEqual([false, true]);
    expect(failures(made.operations)).toEqual([]);
    expect(made.lastError).toBeNull();
    expect(fake.launches).toHaveLength(3);
  });

  it('is told when it is gone in the new answers, too', async () => {
    // Prepare
    refuse(
      'launchInstance',
      () => true,
      'InvalidAMIID.NotFound',
      () => undefined,
    );
    // Act
    const cluster = await time.start(written({ mode: 'dev' }, 'kept-gone'), 'kept-gone');
    const failedOnce = await cluster.until((status) => status.lastError !== null);
    // Assess
    expect(lookups).toEqual([false, true]);
    expect(failedOnce.lastError).toMatchObject({ code: 'InvalidAMIID.NotFound' });
  });

  it('is passed over where the document names it, as long as another subnet is left', async () => {
    // Prepare
    const [gone = '', ...others] = ['a', 'b', 'c'].map((letter) => `subnet-${letter.repeat(8)}`);
    const network = { vpcId: 'vpc-aaaaaaaa', subnetIds: [gone, ...others] };
    refuse(
      'launchInstance',
      ({ launch }) => launch?.subnetId === gone,
      'InvalidSubnetID.NotFound',
      () => undefined,
    );
    // Act
    const cluster = await time.start(written({ mode: 'ha', network }, 'named'), 'named');
    const made = await cluster.until((status) => status.phase === 'Running' && status.operation === null);
    // Assess
    expect(lookups).toEqual([false]);
    expect(failures(made.operations)).toEqual([]);
    expect(new Set(fake.launches.map(({ launch }) => launch.subnetId))).toEqual(new Set(others));
  });
});
