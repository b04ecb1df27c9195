import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterEvent } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import type { FaultPlan } from '../../packages/aws-simulator/src/faults.js';
import { openStackFixture, type StackFixture } from './fixture.js';

const NAME = 'steady';
const POOLS = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
  const { code, stderr } = await fixture.keelson('apply', '-f', fixture.document(NAME, { pools: POOLS }), '--wait');
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => fixture?.close());

const handle = () => fixture.client.workflow.getHandle(`cluster/${NAME}`);
const status = () => handle().query<StatusView>('status');

/** What a request that is refused, or asks for nothing new, must leave as it is. */
async function facts(): Promise<unknown> {
  const { specGeneration, phase, desiredState, paused, nodes, operations } = await status();
  const { launches } = await fixture.region<{ launches: unknown[] }>('record?calls=false');
  return {
    specGeneration,
    phase,
    desiredState,
    paused,
    nodes: nodes.map(({ instanceId, instanceType, publicIp }) => ({ instanceId, instanceType, publicIp })),
    operations: operations.length,
    launches: launches.length,
  };
}

const apply = (spec: Parameters<StackFixture['document']>[1]) => [
  'apply',
  '-f',
  fixture.document(NAME, { pools: POOLS, ...spec }),
];
const pool = (count: number) => [{ name: 'workers', count, instanceType: 't3.medium' }];

describe('a request that cannot be met is refused at once, with one reason, and nothing changes', () => {
  it.each<{ what: string; line: () => string[]; says: RegExp }>([
    { what: 'a type that is none', line: () => ['resize', NAME, '--instance-type', 'big'], says: /big/ },
    { what: 'no type', line: () => ['resize', NAME], says: /--instance-type/ },
    { what: 'an empty type', line: () => ['resize', NAME, '--instance-type', ''], says: /empty/ },
    {
      what: 'a pool that is not there',
      line: () => ['resize', NAME, '--instance-type', 't3.large', '--pool', 'absent'],
      says: /no pool "absent"/,
    },
    { what: 'another region', line: () => apply({ region: 'us-east-1' }), says: /eu-west-1/ },
    { what: 'another network for pods', line: () => apply(cidr()), says: /cluster-cidr/ },
    { what: 'fewer than no nodes', line: () => apply({ pools: pool(-1) }), says: /spec\.pools/ },
    { what: '10,000 nodes', line: () => apply({ pools: pool(10_000) }), says: /spec\.pools/ },
    { what: 'a file that is not there', line: () => ['apply', '-f', 'nowhere.yaml'], says: /no such file/ },
    { what: 'a command that does not exist', line: () => ['halt', NAME], says: /unknown command/ },
  ])('$what: exit 2', async ({ line, says }) => {
    // Prepare
    const before = await facts();

    // Act
    const ran = await fixture.keelson(...line(), '--wait');

    // Assess
    expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
    expect(await facts()).toEqual(before);
  });
});

const cidr = () => ({ k3s: { version: 'v1.34.2+k3s1', config: { 'cluster-cidr': '10.99.0.0/16' } } });

describe('a request for what is so already', () => {
  it.each([
    { what: 'start of a running cluster', line: ['start', NAME] },
    { what: 'resize to the type that it has', line: ['resize', NAME, '--instance-type', 't3.medium'] },
    { what: 'resume of what is not paused', line: ['resume', NAME] },
  ])('$what: exit 0, nothing to do', async ({ line }) => {
    // Prepare
    const before = await facts();

    // Act
    const ran = await fixture.keelson(...line);

    // Assess
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/nothing to do/) });
    expect(await facts()).toEqual(before);
  });

  it('stop of a stopped cluster: exit 0, nothing to do, and no instance is asked for', async () => {
    // Prepare
    await fixture.keelson('stop', NAME, '--wait');
    const before = await facts();

    // Act
    const ran = await fixture.keelson('stop', NAME, '--wait');
    const after = await facts();
    const started = await fixture.keelson('start', NAME, '--wait');

    // Assess
    expect(ran.code).toBe(0);
    expect(after).toEqual(before);
    expect(started.code).toBe(0);
  });
});

describe('a signal by hand', () => {
  it.each([
    { name: 'resize', input: '42' },
    { name: 'resize', input: '{"instanceType": ["t3.large"]}' },
    { name: 'apply', input: '{"document": {"kind": "Pod"}}' },
    { name: 'stop', input: '"now"' },
    { name: 'delete', input: '[1]' },
  ])('$name $input is reported as rejected, and nothing changes', async ({ name, input }) => {
    // Prepare
    const before = await facts();
    const rejected = async () =>
      (await handle().query<{ reason: string }[]>('events')).filter((event) => event.reason === 'RequestRejected')
        .length;
    const told = await rejected();

    // Act
    const sent = await fixture.temporal(
      ...['workflow', 'signal', '--workflow-id', `cluster/${NAME}`, '--name', name, '--input', input],
    );

    // Assess
    expect(sent.code).toBe(0);
    await expect.poll(rejected).toBe(told + 1);
    expect(await facts()).toEqual(before);
  });

  it('to a cluster that does not exist is refused by Temporal, and the CLI says that there is none', async () => {
    const sent = await fixture.temporal('workflow', 'signal', '--workflow-id', 'cluster/absent', '--name', 'stop');
    expect(sent.code).not.toBe(0);
    expect(await fixture.keelson('stop', 'absent')).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('a cluster that is being deleted', () => {
  it('refuses every other request: exit 4, and goes on to be deleted', async () => {
    // Prepare
    const stuck: FaultPlan = { point: 'span', match: { kind: 'terminate' }, hold: true };
    await fixture.region('faults', { method: 'POST', body: JSON.stringify(stuck) });
    await fixture.keelson('delete', NAME, '--yes');

    // Act
    const lines = [
      ['start', NAME],
      ['stop', NAME],
      ['pause', NAME],
      ['resize', NAME, '--instance-type', 't3.large'],
      apply({ pools: pool(2) }),
    ];
    const ran = await Promise.all(lines.map((line) => fixture.keelson(...line)));
    const waiting = fixture.keelson('delete', NAME, '--yes', '--wait');
    // It is not let go before it waits: what is gone cannot be deleted again.
    const heard = async () => {
      const events = await fixture.client.workflow.getHandle(`cluster/${NAME}`).query<ClusterEvent[]>('events');
      return events.some(({ reason, message }) => reason === 'RequestUnchanged' && message.startsWith('delete'));
    };
    await expect.poll(heard).toBe(true);
    await fixture.region('faults', { method: 'DELETE' });
    const again = await waiting;

    // Assess
    for (const one of ran)
      expect(one).toMatchObject({ code: 4, stdout: '', stderr: expect.stringMatching(/being deleted/) });
    expect(again.code).toBe(0);
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
  });
});
