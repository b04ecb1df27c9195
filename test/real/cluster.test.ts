/**
 * The life of one cluster of three servers and an agent on real hosts, one scenario after the other. What is true is asked of Kubernetes and etcd
 * on the hosts, not of Keelson.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import type { CallEntry, LaunchEntry } from '../../packages/aws-simulator/src/record.js';
import { openStackFixture, type StackFixture } from '../e2e/fixture.js';
import { watchApi } from '../e2e/support/api-watch.js';
import { doneIn, measured, RealCluster, succeeded } from './support/cluster.js';
import { surroundings } from './support/requirements.js';
import { FOLDER } from './support/results.js';

const NAME = 'real';
const SERVERS = ['server-0', 'server-1', 'server-2'];
/** Etcd elects within seconds; a client of one server may wait that long, one of another server less. */
const ALLOWED_GAP_MS = 20_000;

const { hosts, mirror, versions } = await surroundings();
const value = `value-${Date.now()}`;

let fixture: StackFixture;
let cluster: RealCluster;
beforeAll(async () => {
  const env = { ...process.env, KEELSON_K3S_MIRROR: mirror };
  fixture = await openStackFixture({ profile: 'aws', hosts, env, folder: FOLDER, runMs: 20 * 60_000 });
  cluster = new RealCluster(fixture, NAME, hosts.command);
});
afterAll(() => fixture?.close());

/** @param instanceType of the servers; once they were resized a document that names the old type would resize them back */
function document(version = versions.first, instanceType = 't3.medium'): string {
  return fixture.document(NAME, {
    mode: 'ha',
    servers: { instanceType },
    pools: [{ name: 'workers', count: 1, instanceType: 't3.medium' }],
    k3s: { version },
    health: { gracePeriod: '30s' },
  });
}

const hostOf = async (slot: string): Promise<string> => (await cluster.node(slot)).instanceId;
const idsOf = (seen: StatusView) => Object.fromEntries(seen.nodes.map((node) => [node.slot, node.instanceId]));
const launches = async () => (await fixture.region<{ launches: LaunchEntry[] }>('record?calls=false')).launches;
const callsOf = async () => (await fixture.region<{ calls: CallEntry[] }>('record')).calls;
/** What changes instances. */
const changes = (calls: readonly CallEntry[]) =>
  calls.filter(({ action }) => /^(Run|Terminate|Start|Stop|Reboot)Instances$/.test(action)).map(({ action }) => action);

/** Something is not as it was: noticed, as a person sees it. */
const noticed = (seen: StatusView) =>
  seen.operation !== null || seen.health !== 'Healthy' || seen.conditions.some((one) => one.status === 'False');

/** Breaks something, and waits until Keelson has noticed and mended it and Kubernetes says so, seen from a host that stays. */
async function mended(scenario: string, stays: string, break_: () => Promise<unknown>, limitMs?: number) {
  const before = await cluster.healthy();
  const on = await hostOf(stays);
  const startedAt = Date.now();
  await break_();
  await cluster.until(noticed, 'that something is wrong');
  const noticedAt = Date.now();
  await cluster.until(
    (seen) => seen.operations.length > before.operations.length && seen.operation === null && seen.phase === 'Running',
    'a repair that has ended',
    limitMs,
  );
  // One repair may be the first of several.
  const nodes = await cluster.isTrue(on, limitMs);
  const healthyAt = Date.now();
  const after = await cluster.healthy();
  const done = after.operations.slice(before.operations.length).map(doneIn).join('; ');
  expect(await cluster.filled(on)).toEqual({ value, available: '3' });
  expect(await fixture.region('duplicates')).toEqual([]);
  const seen = `${nodes.length} nodes Ready, ${nodes.filter((node) => node.voter).length} voters, data and pods there`;
  measured({ scenario, startedAt, noticedAt, healthyAt, done, seen });
  return { before, after };
}

describe('create', () => {
  it('makes three voters and an agent, and Kubernetes and etcd agree', async () => {
    // Act
    const startedAt = Date.now();
    const applied = await fixture.keelson('apply', '-f', document(), '--wait');
    const healthyAt = Date.now();

    // Assess
    succeeded(applied);
    const on = await hostOf('server-0');
    const nodes = await cluster.isTrue(on);
    expect(nodes.map(({ name, version }) => [name, version])).toEqual([
      ...SERVERS.map((slot) => [`${NAME}-${slot}-g1`, versions.first]),
      [`${NAME}-workers-0-g1`, versions.first],
    ]);
    expect(await launches()).toHaveLength(4);
    await cluster.fill(on, value);
    await expect.poll(() => cluster.filled(on), { timeout: 60_000 }).toEqual({ value, available: '3' });
    const [operation] = (await cluster.status()).operations;
    const done = operation ? doneIn(operation) : '';
    measured({ scenario: 'create: 3 servers, 1 agent', startedAt, healthyAt, done, seen: '4 nodes Ready, 3 voters' });
  });

  it('publishes a kubeconfig with which the API answers from outside of the hosts', async () => {
    const { stdout } = await fixture.keelson('kubeconfig', NAME);
    const watch = watchApi(stdout, addresses);
    await expect.poll(() => watch.seen().answers, { timeout: 30_000 }).toBeGreaterThan(3);
    await watch.stop();
  });
});

describe('a kubeconfig of a person', () => {
  it('is signed by Kubernetes, and may do what a role of the group allows, and nothing else', async () => {
    // Prepare
    const on = await hostOf('server-0');
    const given = await fixture.keelson('kubeconfig', NAME, '--user', 'alice', '--group', 'dev', '--ttl', '10m');
    succeeded(given);
    const kubectl = 'kubectl --kubeconfig /tmp/alice.kubeconfig --server https://127.0.0.1:6443';
    const asAlice = (command: string): string =>
      `printf %s ${Buffer.from(given.stdout).toString('base64')} | base64 -d >/tmp/alice.kubeconfig; k3s ${kubectl} ${command} 2>&1 || true`;

    // Act
    const before = await cluster.truth.on(on, asAlice('get nodes'));
    const whoami = await cluster.truth.on(on, asAlice('auth whoami'));
    await cluster.truth.on(on, 'k3s kubectl create clusterrolebinding dev-view --clusterrole=view --group=dev');
    const pods = await cluster.truth.on(on, asAlice('auth can-i list pods -n default'));
    const secrets = await cluster.truth.on(on, asAlice('auth can-i list secrets -n default'));
    const masters = await fixture.keelson('kubeconfig', NAME, '--group', 'system:masters');

    // Assess
    expect(before).toContain('User "alice" cannot list resource "nodes"');
    expect(whoami).toMatch(/alice[\s\S]*dev[\s\S]*system:authenticated/);
    expect([pods.trim(), secrets.trim()]).toEqual(['yes', 'no']);
    expect(masters.code).toBe(4);
  });
});

async function addresses(): Promise<string[]> {
  const instances = await fixture.region<Instance[]>('instances');
  return instances.flatMap(({ tags, state, privateIp }) =>
    tags['keelson:slot']?.startsWith('server-') && state === 'running' ? [privateIp] : [],
  );
}

describe('a server', () => {
  it('that was terminated is replaced; the first one is as good as any', async () => {
    const { before, after } = await mended('server terminated', 'server-1', async () =>
      cluster.admin(`instances/${await hostOf('server-0')}/terminate?hard`),
    );
    expect(after.operations.at(-1)).toMatchObject({ kind: 'repair', outcome: 'done' });
    expect(after.nodes.map(({ slot, generation }) => [slot, generation])).toEqual([
      ['server-0', 2],
      ['server-1', 1],
      ['server-2', 1],
      ['workers-0', 1],
    ]);
    expect(idsOf(after)['server-1']).toBe(idsOf(before)['server-1']);
  });

  it('whose K3s someone stops has it started again', async () => {
    const { before, after } = await mended('K3s stopped on a server', 'server-0', async () =>
      cluster.truth.on(await hostOf('server-1'), 'systemctl stop k3s\n', 90),
    );
    expect(after.operations.at(-1)?.steps.map((step) => step.kind)).toContain('start-service');
    expect(idsOf(after)).toEqual(idsOf(before));
  });
});

describe('an SSM agent that is dead for ten minutes', () => {
  it('on a server that Kubernetes calls Ready is reported, and the server is not replaced', async () => {
    // Prepare
    const before = await cluster.healthy();
    const [id, on] = [await hostOf('server-1'), await hostOf('server-0')];
    const callsBefore = (await callsOf()).length;
    const agentsOnline = (seen: StatusView) => seen.conditions.find((one) => one.type === 'AgentsOnline')?.status;

    // Act
    const startedAt = Date.now();
    await cluster.admin(`machines/${id}`, { agent: 'dead', agentStays: true });
    await cluster.until((seen) => agentsOnline(seen) === 'False', 'AgentsOnline False');
    const noticedAt = Date.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, startedAt + 10 * 60_000 - Date.now())));
    const nodes = await cluster.isTrue(on);
    const during = await cluster.status();
    const done = changes((await callsOf()).slice(callsBefore));
    await cluster.admin(`machines/${id}`, { agent: 'alive' });
    const revivedAt = Date.now();
    const after = await cluster.healthy();

    // Assess
    expect(nodes).toHaveLength(4);
    expect(idsOf(during)).toEqual(idsOf(before));
    expect(done.filter((action) => action !== 'RebootInstances')).toEqual([]);
    expect(done.length).toBeLessThanOrEqual(1);
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(await cluster.filled(on)).toEqual({ value, available: '3' });
    const calm = ((Date.now() - revivedAt) / 1000).toFixed(0);
    measured({
      scenario: 'SSM agent of a Ready server dead for ten minutes',
      startedAt,
      noticedAt,
      healthyAt: null,
      done: `told: AgentsOnline; ${done.length === 0 ? 'nothing done' : 'rebooted once'}`,
      seen: `same instance, 4 nodes Ready; Healthy ${calm} s after the agent is back`,
    });
  });
});

describe('a server whose plug is pulled', () => {
  it('comes back on its own disk, under its own name, and is not replaced', async () => {
    const { before, after } = await mended(
      'plug of a server pulled',
      'server-0',
      async () => cluster.admin(`instances/${await hostOf('server-2')}/crash`),
      30 * 60_000,
    );
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(after.nodes.map(({ generation }) => generation)).toEqual(before.nodes.map(({ generation }) => generation));
  });
});

describe('resize', () => {
  it('takes one server after the other, and the API answers throughout', async () => {
    // Prepare
    const before = await cluster.healthy();
    const { stdout: kubeconfig } = await fixture.keelson('kubeconfig', NAME);
    const watch = watchApi(kubeconfig, addresses);

    // Act
    const startedAt = Date.now();
    const resized = await fixture.keelson('resize', NAME, '--instance-type', 't3.large', '--wait');
    const healthyAt = Date.now();
    const seen = await watch.stop();

    // Assess
    succeeded(resized);
    const on = await hostOf('server-0');
    await cluster.isTrue(on);
    const after = await cluster.status();
    expect(after.nodes.filter(({ role }) => role === 'server').map((node) => node.instanceType)).toEqual(
      SERVERS.map(() => 't3.large'),
    );
    expect(idsOf(after)).toEqual(idsOf(before));
    expect(await cluster.filled(on)).toEqual({ value, available: '3' });
    expect(seen.longestGapMs).toBeLessThanOrEqual(ALLOWED_GAP_MS);
    const last = after.operations.at(-1);
    const gap = `${(seen.longestGapMs / 1000).toFixed(1)} s`;
    measured({
      scenario: 'resize of three servers',
      startedAt,
      healthyAt,
      done: last ? doneIn(last) : '',
      seen: `API answered ${seen.answers} times, longest gap ${gap}; same instances, data and pods there`,
    });
  });

  it('to a type without capacity is rolled back on the server that tried', async () => {
    // Prepare
    const before = await cluster.healthy();
    const plan = { point: 'capacity', match: { instanceType: 'm6i.large' }, effect: 'none' };
    await cluster.admin('faults', plan);

    // Act
    const startedAt = Date.now();
    const resized = await fixture.keelson('resize', NAME, '--instance-type', 'm6i.large', '--wait');
    const healthyAt = Date.now();
    await fixture.region('faults', { method: 'DELETE' });

    // Assess
    expect(resized).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/InsufficientInstanceCapacity|no capacity/),
    });
    const on = await hostOf('server-0');
    await cluster.isTrue(on);
    const after = await cluster.healthy();
    const [first] = after.operations.slice(before.operations.length);
    expect(first).toMatchObject({ kind: 'resize', outcome: 'rolledBack' });
    expect(after.nodes.map((node) => node.instanceType)).toEqual(before.nodes.map((node) => node.instanceType));
    expect(await cluster.filled(on)).toEqual({ value, available: '3' });
    measured({
      scenario: 'resize to a type without capacity',
      startedAt,
      healthyAt,
      done: first ? doneIn(first) : '',
      seen: '4 nodes Ready, 3 voters, old types',
    });
  });
});

describe('a new K3s version', () => {
  it('comes to every node, one at a time', async () => {
    // Prepare
    await cluster.healthy();
    const { stdout: kubeconfig } = await fixture.keelson('kubeconfig', NAME);
    const watch = watchApi(kubeconfig, addresses);

    // Act
    const startedAt = Date.now();
    const applied = await fixture.keelson('apply', '-f', document(versions.next, 't3.large'), '--wait');
    const healthyAt = Date.now();
    const seen = await watch.stop();

    // Assess
    succeeded(applied);
    const on = await hostOf('server-0');
    const nodes = await cluster.isTrue(on);
    expect(nodes.map((node) => node.version)).toEqual(nodes.map(() => versions.next));
    expect(await cluster.filled(on)).toEqual({ value, available: '3' });
    expect(seen.longestGapMs).toBeLessThanOrEqual(ALLOWED_GAP_MS);
    const last = (await cluster.status()).operations.at(-1);
    measured({
      scenario: `K3s ${versions.first} to ${versions.next}`,
      startedAt,
      healthyAt,
      done: last ? doneIn(last) : '',
      seen: `API's longest gap ${(seen.longestGapMs / 1000).toFixed(1)} s; all kubelets ${versions.next}`,
    });
  });
});

describe('stop and start', () => {
  it('keep instances, members and data', async () => {
    // Prepare
    const before = await cluster.healthy();

    // Act
    const stoppedAt = Date.now();
    succeeded(await fixture.keelson('stop', NAME, '--wait'));
    const downAt = Date.now();
    const asleep = await fixture.region<Instance[]>('instances');
    const startedAt = Date.now();
    succeeded(await fixture.keelson('start', NAME, '--wait'));
    const healthyAt = Date.now();

    // Assess
    const mine = asleep.filter(({ state }) => state !== 'terminated').map(({ state }) => state);
    expect(mine).toEqual(['stopped', 'stopped', 'stopped', 'stopped']);
    const on = await hostOf('server-0');
    await cluster.isTrue(on);
    await expect.poll(() => cluster.filled(on), { timeout: 60_000 }).toEqual({ value, available: '3' });
    const after = await cluster.healthy();
    expect(idsOf(after)).toEqual(idsOf(before));
    const [stop, start] = after.operations.slice(before.operations.length);
    const seen = 'all instances stopped';
    measured({ scenario: 'stop', startedAt: stoppedAt, healthyAt: downAt, done: stop ? doneIn(stop) : '', seen });
    const back = '4 nodes Ready, 3 voters, same instances, data and pods there';
    measured({ scenario: 'start', startedAt, healthyAt, done: start ? doneIn(start) : '', seen: back });
  });
});

describe('most servers', () => {
  it('lost at once: that is reported, and nothing is done that could cost data', async () => {
    // Prepare
    const before = await cluster.healthy();
    await fixture.keelson('pause', NAME);
    const startedAt = Date.now();

    // Act
    for (const slot of ['server-0', 'server-2']) await cluster.admin(`instances/${await hostOf(slot)}/terminate?hard`);
    const callsBefore = (await callsOf()).length;
    await fixture.keelson('resume', NAME);
    const told = await cluster.until((seen) => seen.lastError?.code === 'QuorumLost', 'QuorumLost');
    const noticedAt = Date.now();
    const { stdout: explained } = await fixture.keelson('explain', NAME);
    // Long enough for looks, sweeps and the pulse to come round several times.
    await new Promise((resolve) => setTimeout(resolve, 120_000));

    // Assess
    expect(told.health).toBe('Unhealthy');
    expect(explained).toContain('--cluster-reset');
    expect(changes((await callsOf()).slice(callsBefore))).toEqual([]);
    const left = idsOf(before)['server-1'] ?? '';
    const database = '/var/lib/rancher/k3s/server/db/etcd/member/snap/db';
    expect(await cluster.truth.on(left, `test -s ${database} && echo there\n`)).toBe('there\n');
    const seen = 'no instance changed in two minutes, etcd data of the last server there';
    measured({
      scenario: 'two of three servers terminated',
      startedAt,
      noticedAt,
      healthyAt: null,
      done: 'told: QuorumLost',
      seen,
    });
  });
});

describe('delete', () => {
  it('leaves nothing, neither in the account nor of the hosts', async () => {
    // Act
    const startedAt = Date.now();
    const deleted = await fixture.keelson('delete', NAME, '--yes', '--wait');
    const healthyAt = Date.now();

    // Assess
    succeeded(deleted);
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
    expect(await fixture.region('duplicates')).toEqual([]);
    const ledger = join(FOLDER, 'stack/region/hosts');
    expect(existsSync(ledger) ? readdirSync(ledger) : []).toEqual([]);
    measured({
      scenario: 'delete',
      startedAt,
      healthyAt,
      done: 'delete done',
      seen: 'no instance, volume, group, object or host left',
    });
  });
});
