import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import { openStackFixture, type StackFixture } from './fixture.js';

const NAME = 'five';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
});
afterAll(() => fixture?.close());

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
  fixture.keelson('apply', '-f', fixture.document(NAME, spec(...args)), '--wait');
const status = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');
const instances = () => fixture.region<Instance[]>('instances');
const running = async () =>
  (await instances()).filter((one) => one.state === 'running' && one.tags['keelson:cluster'] === NAME);

describe('a cluster of five servers with a pool of several types', () => {
  it('is made of the next type where the first has no capacity, in the zones of the pool', async () => {
    // Prepare
    const plan = { point: 'capacity', match: { instanceType: 'm6i.large' }, effect: 'none' };
    await fixture.region('faults', { method: 'POST', body: JSON.stringify(plan) });

    // Act
    const made = await apply();
    await expect.poll(async () => (await status()).health).toBe('Healthy');
    await fixture.region('faults', { method: 'DELETE' });

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
    expect(conditions.find(({ type }) => type === 'InstanceTypesInSync')?.status).toBe('True');
  });

  it('gets a server back that someone has terminated', async () => {
    // Prepare
    const lost = (await running()).find((one) => one.tags['keelson:slot'] === 'server-3');

    // Act
    await fixture.region(`instances/${lost?.id}/terminate?hard`, { method: 'POST' });
    await expect
      .poll(async () => (await status()).nodes.find((node) => node.slot === 'server-3')?.generation, {})
      .toBe(2);
    await expect.poll(async () => (await status()).health).toBe('Healthy');

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
    const resized = await fixture.keelson('resize', NAME, '--instance-type', 't3.large', '--wait');

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
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});

describe('an instance profile whose role the worker may not pass', () => {
  it('is reported by plan, with the place, the role and the statement that is missing', async () => {
    // Prepare
    const document = fixture.document('app', {
      access: { instanceProfile: 'arn:aws:iam::000000000000:instance-profile/app' },
    });

    // Act
    const planned = await fixture.keelson('plan', '-f', document);

    // Assess
    expect(planned.code).toBe(2);
    expect(planned.stderr).toMatch(/:\d+:\d+: spec\.access\.instanceProfile: PassRoleDenied: .*the role arn:aws:iam::/);
    expect(planned.stderr).toMatch(
      /\{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::\d{12}:role\/\S*app"/,
    );
    expect(await fixture.keelson('get', 'app')).toMatchObject({ code: 3 });
  });

  it('is reported before anything is made, with what to do', async () => {
    // Prepare
    const document = fixture.document('app', {
      access: { instanceProfile: 'arn:aws:iam::000000000000:instance-profile/app' },
    });

    // Act
    const applied = await fixture.keelson('apply', '-f', document, '--wait');

    // Assess
    expect(applied.code).toBe(1);
    expect(applied.stderr).toMatch(/PassRoleDenied/);
    expect(applied.stderr).toMatch(/NodeRoleArns/);
    expect((await instances()).filter((one) => one.tags['keelson:cluster'] === 'app')).toEqual([]);
    expect(await fixture.keelson('delete', 'app', '--yes', '--wait')).toMatchObject({ code: 0 });
  });
});
