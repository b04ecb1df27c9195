import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { FakeActivities, failed } from './fake-activities.js';
import { written } from './fixture.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

const fake = new FakeActivities();
let time: SkippedTime;
beforeAll(async () => {
  time = await openSkippedTime(fake);
});
afterAll(() => time?.close());
beforeEach(() => {
  fake.imageId = 'ami-1';
  fake.before = async () => undefined;
});

const withAgents = (name: string, count: number, image?: Record<string, unknown>) =>
  written(
    {
      mode: 'dev',
      pools: [{ name: 'workers', count, instanceType: 't3.large' }],
      ...(image !== undefined && { image }),
    },
    name,
  );
const imageOf = (slot: string, name: string) =>
  fake.launches.findLast((launch) => launch.slot === slot && launch.cluster === name)?.launch.imageId;

describe('the image of a cluster that grows', () => {
  it('is looked up again when the pinned one is gone, and the launch goes on at once', async () => {
    // Prepare
    const cluster = await time.start(withAgents('old', 1), 'old');
    await cluster.until((status) => status.name === 'old' && status.health === 'Healthy');
    await time.pass('1h');
    fake.imageId = 'ami-2';
    fake.before = async (name, input: { launch?: { imageId: string } }) => {
      if (name !== 'launchInstance' || input.launch?.imageId !== 'ami-1') return;
      throw failed({ code: 'InvalidAMIID.NotFound', class: 'invalid', message: 'no ami-1', hint: '' });
    };
    // Act
    await cluster.workflow.signal('apply', { document: withAgents('old', 2) });
    const grown = await cluster.until(
      (status) => status.name === 'old' && status.nodes.length === 3 && status.operation === null,
    );
    // Assess
    expect(imageOf('workers-0', 'old')).toBe('ami-1');
    expect(imageOf('workers-1', 'old')).toBe('ami-2');
    expect(grown.operations.at(-1)).toMatchObject({ outcome: 'done' });
    expect(grown.images).toMatchObject([{ architecture: 'amd64', id: 'ami-2', createdAt: '2026-01-01T00:00:00.000Z' }]);
  });

  it.each([
    { asked: 1, passes: '25h', image: 'ami-2' },
    { asked: 1, passes: '23h', image: 'ami-1' },
    { asked: undefined, passes: '26h', image: 'ami-1' },
  ])('is the one of now when the pinned one is older than asked: $asked days after $passes', async (one) => {
    // Prepare
    const name = `age-${one.passes}`;
    const image = one.asked === undefined ? undefined : { maxAgeDays: one.asked };
    const cluster = await time.start(withAgents(name, 1, image), name);
    await cluster.until((status: StatusView) => status.name === name && status.health === 'Healthy');
    await time.pass(one.passes);
    fake.imageId = 'ami-2';
    // Act
    await cluster.workflow.signal('apply', { document: withAgents(name, 2, image) });
    await cluster.until((status) => status.name === name && status.nodes.length === 3 && status.operation === null);
    // Assess
    expect(imageOf('workers-1', name)).toBe(one.image);
  });
});
