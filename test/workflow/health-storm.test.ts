import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterEvent } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import { FakeActivities, failed } from './fake-activities.js';
import { written } from './fixture.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

const HOURS = 3;
/** As often as the region watch would speak of something that changes all the time. */
const EVERY_MINUTES = 5;
const SEEDS = [1, 23];
/** The time-skipping server does one thing after the other, and shares the machine with other tests. */
const PATIENCE_MS = 600_000;

/** Numbers from 0 to 1 that follow from the seed. [mulberry32, public domain] */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Comes and goes: never twice in a row, else as the seed will. */
function flapping(random: () => number): () => boolean {
  let bad = false;
  return () => {
    bad = !bad && random() < 0.5;
    return bad;
  };
}

let time: SkippedTime;
const fake = new FakeActivities();
beforeAll(async () => {
  time = await openSkippedTime(fake);
});
afterAll(() => time?.close());

/**
 * Lets hours pass in which the region watch speaks up again and again.
 *
 * @param begin called when the cluster is healthy: from then on things go wrong
 * @returns what was said of the cluster meanwhile
 */
async function live(
  name: string,
  begin: () => void = () => undefined,
): Promise<{ statuses: StatusView[]; events: ClusterEvent[]; jobs: string[] }> {
  fake.forget();
  const cluster = await time.start(written({ health: { gracePeriod: '10s' } }, name), name);
  // An observation follows the creation: a message that cuts it short may leave this server's clock standing still.
  await cluster.healthy();
  begin();
  const from = { statuses: fake.statuses.length, jobs: fake.jobs.length };
  for (let minutes = 0; minutes < HOURS * 60; minutes += EVERY_MINUTES) {
    await cluster.workflow.signal('reconcile', { reason: 'the picture has changed' });
    await time.pass(`${EVERY_MINUTES}m`);
  }
  const seen = {
    statuses: fake.statuses.slice(from.statuses) as StatusView[],
    events: (await cluster.events()) as ClusterEvent[],
    jobs: fake.jobs.slice(from.jobs).map((job) => job.script),
  };
  await cluster.workflow.terminate('the test is over');
  return seen;
}

const changes = (statuses: StatusView[], type: string): number =>
  statuses
    .map((status) => status.conditions.find((one) => one.type === type)?.status)
    .filter((status, index, all) => index > 0 && status !== all[index - 1]).length;

const CHANGING = new Set(['bootstrap', 'join', 'service-start', 'service-stop', 'drain', 'remove-node', 'install']);

describe.each(SEEDS)('three hours of flapping, seed %i', (seed) => {
  it(
    'change no condition and nothing else, be it the service, the agent, the node, or all of them',
    async () => {
      // Prepare
      const random = seeded(seed);
      const [service, agent, ready] = [flapping(random), flapping(random), flapping(random)];
      fake.onProbe = ({ slot }) => (slot === 'server-1' && service() ? { service: 'failed' } : {});
      fake.onReconcile = ({ slot }) => (slot === 'server-2' && agent() ? { agent: 'lost' } : {});
      fake.onJob = ({ script }) => {
        if (script === 'verify')
          fake.kubernetes.set(
            `flaps-${seed}-server-0-g1`,
            `${ready() ? 'False' : 'True'},True,v1.34.2+k3s1,true,10.0.0.1,-`,
          );
        return null;
      };
      // Act
      const { statuses, events, jobs } = await live(`flaps-${seed}`);
      // Assess
      expect(events.filter((event) => event.reason === 'Unhealthy')).toEqual([]);
      expect(jobs.filter((script) => CHANGING.has(script))).toEqual([]);
      expect(statuses.filter((status) => status.health !== 'Healthy')).toEqual([]);
      expect(fake.calls.filter((name) => name === 'rebootInstances' || name === 'terminateInstances')).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'of looks of which half fail change nothing but what is known',
    async () => {
      const random = seeded(seed);
      fake.onProbe = () => ({});
      fake.onReconcile = () => ({});
      fake.onJob = () => null;
      const { statuses, jobs } = await live(`blind-${seed}`, () => {
        fake.before = async (name) => {
          if (name === 'observeInstances' && random() < 0.5)
            throw failed({ code: 'InternalError', class: 'transient', message: 'no answer', hint: 'wait' });
        };
      });
      fake.before = async () => undefined;
      const conditions = statuses.flatMap((status) => status.conditions);
      expect(new Set(conditions.map((one) => one.type)).size).toBeGreaterThan(10);
      // Not to see is no finding: what depends on it is Unknown until the next observation, and never False.
      expect(conditions.filter((one) => one.type !== 'Observed' && one.status === 'False')).toEqual([]);
      // Each of the watch's signals begins one observation; one that fails is told at once, and when the next one sees.
      expect(changes(statuses, 'Observed')).toBeLessThanOrEqual((2 * HOURS * 60) / EVERY_MINUTES);
      expect(jobs.filter((script) => CHANGING.has(script))).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'that are a service which is really down half of the time are answered with patience',
    async () => {
      const random = seeded(seed);
      fake.onProbe = ({ slot }) => (slot === 'server-1' && random() < 0.5 ? { service: 'failed' } : {});
      const { jobs } = await live(`sick-${seed}`);
      const starts = jobs.filter((script) => script === 'service-start').length;
      // At once, then after 0.5, 1, 2, 4 and 8 minutes, then four an hour.
      expect(starts).toBeGreaterThan(0);
      expect(starts).toBeLessThanOrEqual(6 + 4 * HOURS);
      expect(jobs.filter((script) => ['remove-node', 'join', 'drain'].includes(script))).toEqual([]);
    },
    PATIENCE_MS,
  );
});
