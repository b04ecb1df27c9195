import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InstanceObservation } from '#src/model/observation.js';
import type { ClusterEvent } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import { FakeActivities } from './fake-activities.js';
import { written } from './fixture.js';
import { openSkippedTime, type SkippedTime } from './support/time-skipping.js';

/** The time-skipping server does one thing after the other, and shares the machine with other tests. */
const PATIENCE_MS = 300_000;
const VERSION = 'v1.34.2+k3s1';

let time: SkippedTime;
const fake = new FakeActivities();
beforeAll(async () => {
  time = await openSkippedTime(fake);
});
afterAll(() => time?.close());
beforeEach(() => {
  fake.onReconcile = () => ({});
  fake.onProbe = () => ({});
  fake.onJob = () => null;
  fake.before = async () => undefined;
});

interface Deed {
  name: string;
  /** Minutes after the trouble began. */
  minute: number;
}

/** What is done to machines from now on. */
async function recordDeeds(): Promise<Deed[]> {
  const deeds: Deed[] = [];
  const from = await time.now();
  const watched = ['rebootInstances', 'stopInstances', 'startInstances', 'saveRootVolume', 'terminateInstances'];
  fake.before = async (name) => {
    if (watched.includes(name)) deeds.push({ name, minute: Math.round(((await time.now()) - from) / 60_000) });
  };
  return deeds;
}

interface Lived {
  deeds: Deed[];
  status: StatusView;
  statuses: StatusView[];
  events: ClusterEvent[];
}

/**
 * Lets time pass over a cluster that runs.
 *
 * @param happens what goes wrong, or right again: asked at minute 0 and after each step
 */
async function live(
  name: string,
  { minutes, step = 5 }: { minutes: number; step?: number },
  happens: (minute: number, deeds: readonly Deed[]) => void,
): Promise<Lived> {
  // Prepare
  fake.forget();
  const cluster = await time.start(written({ health: { gracePeriod: '30s' } }, name), name);
  // An observation follows the creation: a message that cuts it short may leave this server's clock standing still.
  await cluster.healthy();
  const from = fake.statuses.length;
  const deeds = await recordDeeds();
  // Act
  happens(0, deeds);
  await cluster.workflow.signal('reconcile', { reason: 'the picture has changed' });
  for (let minute = step; minute <= minutes; minute += step) {
    await time.pass(`${step}m`);
    happens(minute, deeds);
  }
  const statuses = fake.statuses.slice(from) as StatusView[];
  const events = (await cluster.events()) as ClusterEvent[];
  await cluster.workflow.terminate('the test is over');
  return { deeds, statuses, status: statuses.at(-1) as StatusView, events };
}

/** What EC2 and SSM say of the instance that server-1 has at first. */
const ofFirst = (what: Partial<InstanceObservation>) => (view: InstanceObservation) =>
  view.slot === 'server-1' && view.generation === 1 ? what : {};
const kubernetesSays = (cluster: string, ready: boolean) =>
  fake.kubernetes.set(`${cluster}-server-1-g1`, `${ready ? 'True' : 'False'},True,${VERSION},true,10.0.0.1,-`);
const names = (deeds: readonly Deed[]): string[] => deeds.map(({ name }) => name);
const messages = ({ statuses }: Lived, type: string): string[] =>
  statuses.flatMap((status) => status.conditions.filter((one) => one.type === type).map((one) => one.message));

const DAYS = 24 * 60;
const did = (deeds: readonly Deed[], name: string): boolean => deeds.some((deed) => deed.name === name);

describe('a server whose agent is lost for three days', () => {
  it(
    'is rebooted once a day and never replaced while Kubernetes calls it Ready, and that is reported',
    async () => {
      const lived = await live('sight', { minutes: 3 * DAYS, step: 60 }, () => {
        fake.onReconcile = ofFirst({ agent: 'lost' });
      });
      expect(new Set(names(lived.deeds))).toEqual(new Set(['rebootInstances']));
      expect(lived.deeds.length).toBeGreaterThanOrEqual(2);
      expect(lived.deeds.length).toBeLessThanOrEqual(4);
      expect(fake.launches).toHaveLength(3);
      expect(messages(lived, 'AgentsOnline').at(-1)).toMatch(/Kubernetes calls the node Ready, so it is not replaced/);
      expect(lived.status.health).toBe('Degraded');
    },
    PATIENCE_MS,
  );

  it(
    'is left alone when all servers have lost theirs: nothing is known, and AgentsUnreachable says so',
    async () => {
      const lived = await live('blind', { minutes: 3 * DAYS, step: 60 }, () => {
        fake.onReconcile = () => ({ agent: 'lost' });
      });
      expect(lived.deeds).toEqual([]);
      expect(lived.status.lastError?.code).toBe('AgentsUnreachable');
    },
    PATIENCE_MS,
  );
});

describe('a server whose host has failed, so that Kubernetes calls it not Ready', () => {
  const fails = (name: string) => {
    fake.onReconcile = ofFirst({ failedChecks: ['system', 'instance'], agent: 'lost' });
    kubernetesSays(name, false);
  };
  const heals = (name: string) => {
    fake.onReconcile = () => ({});
    kubernetesSays(name, true);
  };

  it(
    'is left to the automatic recovery of EC2, and nothing is done when that has helped',
    async () => {
      const lived = await live('recovers', { minutes: 60 }, (minute) =>
        minute < 10 ? fails('recovers') : heals('recovers'),
      );
      expect(lived.deeds).toEqual([]);
      expect(lived.status.health).toBe('Healthy');
      expect(messages(lived, 'InstancesHealthy').join()).toMatch(
        /system status check fails since \d\d:\d\dZ; waiting for EC2's automatic recovery until \d\d:\d\dZ, then stop and start; replacement not before \d\d:\d\dZ/,
      );
      expect(lived.statuses.map((one) => one.waiting?.for ?? '').join()).toContain("EC2's automatic recovery");
    },
    PATIENCE_MS,
  );

  it(
    'is stopped and started on another host when EC2 has not recovered it, and keeps its disk',
    async () => {
      const lived = await live('moves', { minutes: 60 }, (minute, deeds) => {
        if (minute === 0) fails('moves');
        const look = fake.onReconcile;
        fake.onReconcile = (view) => (did(deeds, 'startInstances') ? {} : look(view));
        fake.onJob = ({ script }) => {
          if (script === 'service-start') kubernetesSays('moves', true);
          return null;
        };
      });
      expect(names(lived.deeds)).toEqual(['stopInstances', 'startInstances']);
      expect(lived.deeds[0]?.minute).toBeGreaterThanOrEqual(15);
      expect(lived.deeds[0]?.minute).toBeLessThanOrEqual(17);
      expect(lived.status.health).toBe('Healthy');
      expect(fake.launches).toHaveLength(3);
    },
    PATIENCE_MS,
  );

  it(
    'is replaced last, after half an hour, and a snapshot of its root volume is made before',
    async () => {
      const lived = await live('replaced', { minutes: 120 }, (minute) => {
        if (minute === 0) fails('replaced');
        // It does not come up on the other host either.
        fake.onJob = ({ script, params }) =>
          script === 'service-start' && params['NODE_NAME'] === 'replaced-server-1-g1' ? { outcome: 'failed' } : null;
      });
      expect(names(lived.deeds)).toEqual(['stopInstances', 'startInstances', 'saveRootVolume', 'terminateInstances']);
      expect(lived.deeds.at(-1)?.minute).toBeGreaterThanOrEqual(30);
      expect(lived.status.nodes.find((node) => node.slot === 'server-1')).toMatchObject({
        generation: 2,
        ready: 'True',
      });
      expect(lived.status.kept).toMatchObject([{ kind: 'snapshot', slot: 'server-1', generation: 1 }]);
      expect(lived.status.health).toBe('Healthy');
    },
    PATIENCE_MS,
  );
});

describe('a server whose operating system has died', () => {
  it(
    'is rebooted at once, and that is all when it helps',
    async () => {
      const lived = await live('reboots', { minutes: 30 }, (minute, deeds) => {
        if (minute === 0) kubernetesSays('reboots', false);
        const isUp = (): boolean => did(deeds, 'rebootInstances');
        fake.onReconcile = (view) => (isUp() ? {} : ofFirst({ failedChecks: ['instance'], agent: 'lost' })(view));
        fake.onJob = () => {
          if (isUp()) kubernetesSays('reboots', true);
          return null;
        };
      });
      expect(names(lived.deeds)).toEqual(['rebootInstances']);
      expect(lived.deeds[0]?.minute).toBeLessThanOrEqual(2);
      expect(lived.status.health).toBe('Healthy');
    },
    PATIENCE_MS,
  );
});
