import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import type { StatusView } from '../../src/model/status.js';
import { type Bench, openBench } from './harness.js';

const NAME = 'five';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ runMs: 150_000 });
});
afterAll(() => bench?.close());

const spec = (more: Record<string, unknown> = {}, workers: Record<string, unknown> = {}) => ({
  mode: 'ha',
  servers: { count: 5, instanceType: 't3.medium' },
  pools: [
    {
      name: 'workers',
      count: 2,
      instanceType: 'm6i.large',
      fallbackTypes: ['t3.large'],
      zones: ['eu-west-1b', 'eu-west-1c'],
      ...workers,
    },
  ],
  health: { gracePeriod: '10s' },
  ...more,
});
const apply = (...args: Parameters<typeof spec>) =>
  bench.keelson('apply', '-f', bench.document(NAME, spec(...args)), '--wait');
const status = () => bench.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');
const instances = () => bench.region<Instance[]>('instances');
const running = async () =>
  (await instances()).filter((one) => one.state === 'running' && one.tags['keelson:cluster'] === NAME);

describe('a cluster of five servers with a pool of several types', () => {
  it('is made of the next type where the first has no capacity, in the zones of the pool', async () => {
    // Prepare
    const plan = { point: 'capacity', match: { instanceType: 'm6i.large' }, effect: 'none' };
    await bench.region('faults', { method: 'POST', body: JSON.stringify(plan) });

    // Act
    const made = await apply();
    await expect.poll(async () => (await status()).health, { timeout: 60_000 }).toBe('Healthy');
    await bench.region('faults', { method: 'DELETE' });

    // Assess
    expect(made, made.stderr).toMatchObject({ code: 0 });
    const { nodes, conditions } = await status();
    expect(nodes.filter((node) => node.role === 'server')).toHaveLength(5);
    expect(conditions.find(({ type }) => type === 'EtcdHealthy')?.message).toMatch(
      /5 of 5 etcd members vote, 3 are needed/,
    );
    const agents = (await running()).filter((one) => one.tags['keelson:slot']?.startsWith('workers-'));
    expect(agents.map((one) => one.type)).toEqual(['t3.large', 't3.large']);
    expect(agents.every((one) => ['eu-west-1b', 'eu-west-1c'].includes(one.zone))).toBe(true);
    expect(conditions.find(({ type }) => type === 'TypesAsAsked')?.status).toBe('True');
  });

  it('gets a server back that someone has terminated', async () => {
    // Prepare
    const lost = (await running()).find((one) => one.tags['keelson:slot'] === 'server-3');

    // Act
    await bench.region(`instances/${lost?.id}/terminate?hard`, { method: 'POST' });
    await expect
      .poll(async () => (await status()).nodes.find((node) => node.slot === 'server-3')?.generation, {
        timeout: 90_000,
      })
      .toBe(2);
    await expect.poll(async () => (await status()).health, { timeout: 90_000 }).toBe('Healthy');

    // Assess
    const { nodes } = await status();
    expect(nodes.filter((node) => node.role === 'server' && node.ready)).toHaveLength(5);
  });

  it('takes settings of a pool without touching the servers', async () => {
    // Prepare
    const { operations } = await status();

    // Act
    const changed = await apply({}, { config: { 'kubelet-arg': ['max-pods=50'] } });

    // Assess
    expect(changed, changed.stderr).toMatchObject({ code: 0 });
    const last = (await status()).operations.at(-1);
    expect(last?.id).not.toBe(operations.at(-1)?.id);
    const restarted = last?.steps.filter((step) => step.kind === 'start-service').map((step) => step.slot);
    expect(restarted).toEqual(['workers-0', 'workers-1']);
  });

  it('is resized server by server, and the agents stay', async () => {
    // Act
    const resized = await bench.keelson('resize', NAME, '--instance-type', 't3.large', '--wait');

    // Assess
    expect(resized, resized.stderr).toMatchObject({ code: 0 });
    expect((await running()).map((one) => one.type)).toEqual(Array.from({ length: 7 }, () => 't3.large'));
  });

  it('keeps its five servers', async () => {
    const fewer = await apply({ servers: { count: 3, instanceType: 't3.large' } });

    expect(fewer.code).not.toBe(0);
    expect(fewer.stderr).toMatch(/takes no etcd members from a cluster that serves/);
    expect((await status()).nodes).toHaveLength(7);
  });

  it('leaves nothing behind when it is deleted', async () => {
    expect(await bench.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await bench.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
    expect(await bench.region('duplicates')).toEqual([]);
  });
});

describe('an instance profile whose role the worker may not pass', () => {
  it('is told before anything is made, with what to do', async () => {
    // Prepare
    const document = bench.document('app', {
      access: { instanceProfile: 'arn:aws:iam::000000000000:instance-profile/app' },
    });

    // Act
    const applied = await bench.keelson('apply', '-f', document, '--wait');

    // Assess
    expect(applied.code).toBe(1);
    expect(applied.stderr).toMatch(/PassRoleDenied/);
    expect(applied.stderr).toMatch(/NodeRoleArns/);
    expect((await instances()).filter((one) => one.tags['keelson:cluster'] === 'app')).toEqual([]);
    expect(await bench.keelson('delete', 'app', '--yes', '--wait')).toMatchObject({ code: 0 });
  });
});
