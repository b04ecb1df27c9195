import { afterAll, beforeAll, describe, it } from 'vitest';
import type { LaunchBatchInput } from '#src/activities/api.js';
import { batchName } from '#src/model/launch-batch.js';
import { type FakeActivities, failed } from './fake-activities.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const NO_ROOM = { code: 'InsufficientInstanceCapacity', class: 'capacity', message: 'no capacity', hint: '' } as const;
const NO_QUOTA = { code: 'VcpuLimitExceeded', class: 'quota', message: 'no more vCPUs', hint: '' } as const;

const withAgents = (count: number, spec: Record<string, unknown> = {}) =>
  written({ mode: 'dev', pools: [{ name: 'workers', count, instanceType: 't3.large', ...spec }] });

const agents = (count: number): string[] => Array.from({ length: count }, (_, index) => `workers-${index}`).sort();
const slotsOf = (fake: FakeActivities): string[] => fake.launches.map(({ slot }) => slot).sort();
const batchesOf = (fake: FakeActivities): string[] =>
  fake.batches.map(({ batch, launch }) => `${batch.count} ${batchName(batch)} in ${launch.subnetId}`);
const refusing = (
  fake: FakeActivities,
  when: (input: LaunchBatchInput) => boolean,
  how: typeof NO_ROOM | typeof NO_QUOTA,
) => {
  fake.before = async (name, input: LaunchBatchInput) => {
    if (name === 'launchInstances' && when(input)) {
      fake.batches.push(input);
      throw failed(how);
    }
  };
};

describe.concurrent('agents that begin together', () => {
  it('are launched by one call for each subnet, once each, and get the tags of their slots', ({ expect }) =>
    fixture.withWorker(async ({ fake, start, replay }) => {
      // Act
      const cluster = await start(withAgents(10));
      const status = await cluster.settled('Running');
      // Assess
      expect(batchesOf(fake).sort()).toEqual([
        '3 workers-1+3 in subnet-b',
        '3 workers-2+3 in subnet-c',
        '4 workers-0+3 in subnet-a',
      ]);
      expect(slotsOf(fake)).toEqual(['server-0', ...agents(10)].sort());
      for (const { slot, instanceId } of status.nodes) expect(fake.instances.get(instanceId ?? '')?.slot).toBe(slot);
      expect(fake.tagged.map(({ slot }) => slot).sort()).toEqual(agents(10));
      for (const { slot, instanceId } of fake.tagged) expect(fake.instances.get(instanceId)?.slot).toBe(slot);
      await replay(cluster);
    }));

  it('are launched one by one where they are few', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(withAgents(5));
      await cluster.settled('Running');
      expect(fake.batches).toEqual([]);
      expect(slotsOf(fake)).toEqual(['server-0', ...agents(5)].sort());
    }));

  it('are launched one by one where each has a volume of its own that outlives it', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      const volumes = [{ name: 'data', sizeGiB: 10, mountPath: '/data', keep: true }];
      const cluster = await start(withAgents(6, { volumes }));
      await cluster.settled('Running');
      expect(fake.batches).toEqual([]);
    }));

  it('go on together in the next subnet where one has no room for all', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      refusing(fake, ({ launch }) => launch.subnetId === 'subnet-a', NO_ROOM);
      // Act
      const cluster = await start(withAgents(6));
      await cluster.settled('Running');
      // Assess
      expect(batchesOf(fake).sort()).toEqual([
        '2 workers-0+3 in subnet-a',
        '2 workers-0+3 in subnet-b',
        '2 workers-1+3 in subnet-b',
        '2 workers-2+3 in subnet-c',
      ]);
      expect(slotsOf(fake)).toEqual(['server-0', ...agents(6)].sort());
      const told = (await cluster.events()).filter(({ reason }) => reason === NO_ROOM.code);
      expect(told.map(({ message }) => message)).toEqual([
        'workers-0 and 1 more: no t3.large in eu-west-1a, trying t3.large in eu-west-1b',
      ]);
    }));

  it.for([
    ['no subnet has room', NO_ROOM],
    ['the account has no quota', NO_QUOTA],
  ] as const)('are launched by halves where %s for all of them', ([, refusal], { expect }) =>
    fixture.withWorker(async ({ fake, start, replay }) => {
      // Prepare
      refusing(fake, ({ batch }) => batch.count > 2, refusal);
      // Act
      const cluster = await start(withAgents(12));
      await cluster.settled('Running');
      // Assess
      const counts = fake.batches.map(({ batch }) => batch.count);
      expect(counts.filter((count) => count === 4)).toHaveLength(refusal === NO_ROOM ? 9 : 3);
      expect(counts.filter((count) => count === 2)).toHaveLength(6);
      expect(slotsOf(fake)).toEqual(['server-0', ...agents(12)].sort());
      await replay(cluster);
    }),
  );

  it('are asked for again word for word after a launch without an answer, also with other tags', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: EC2 launches them, and the answer is lost for good
      let lost = true;
      fake.onBatch = () => {
        if (lost) throw failed({ code: 'Unexpected', class: 'unknown', message: 'no answer', hint: '' });
        return 'launched';
      };
      const cluster = await start(withAgents(6));
      await cluster.until(({ lastError }) => lastError?.message === 'no answer');
      // Act
      const other = withAgents(6) as { spec: object };
      const document = { ...other, spec: { ...other.spec, tags: { team: 'shop' } } };
      await cluster.workflow.executeUpdate('apply', { args: [{ document }] });
      lost = false;
      await cluster.settled('Running');
      // Assess
      const requests = new Map<string, Set<string>>();
      for (const { batch, launch, userData, tags, generation } of fake.batches) {
        const name = batchName(batch);
        requests.set(
          name,
          (requests.get(name) ?? new Set()).add(JSON.stringify([batch, launch, userData, tags, generation])),
        );
      }
      expect(fake.batches.length).toBeGreaterThanOrEqual(6);
      expect([...requests.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
      expect([...fake.instances.values()].filter(({ slot }) => slot.startsWith('workers-'))).toHaveLength(6);
    }));

  it('keep their instances when one of the call has ended: that slot gets another', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      fake.onBatch = ({ slot, generation }) => (slot === 'workers-3' && generation === 1 ? 'ended' : 'launched');
      // Act
      const cluster = await start(withAgents(6));
      const status = await cluster.settled('Running');
      // Assess
      expect(fake.batches).toHaveLength(3);
      expect(fake.launches.filter(({ slot }) => slot === 'workers-3').map(({ generation }) => generation)).toEqual([
        1, 2,
      ]);
      expect(slotsOf(fake).filter((slot) => slot !== 'workers-3')).toHaveLength(6);
      expect(status.nodes.every(({ instanceId }) => instanceId !== null)).toBe(true);
    }));
});
