import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { fewestServing } from '../../../e2e/support/fewest-serving.js';
import { journal, type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';
import { config, install, sh } from './shell.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

const token = (machine: Machine, name = 'token') =>
  readFileSync(machine.path(`/var/lib/rancher/k3s/server/${name}`), 'utf8').trim();

async function founder(name = 'a'): Promise<Machine> {
  const machine = await fixture.launch(name);
  install(machine, 'server');
  config(machine, ['cluster-init: true', `node-name: ${name}-g1`, 'token: short-secret', 'agent-token: agent-secret']);
  await sh(machine, 'systemctl enable k3s && systemctl start k3s');
  return machine;
}

async function joiner(name: string, first: Machine, more: string[] = []): Promise<Machine> {
  const machine = await fixture.launch(name);
  install(machine, 'server');
  config(machine, [
    `server: https://${first.instance.privateIp}:6443`,
    `node-name: ${name}-g1`,
    `token: ${token(first)}`,
    'agent-token: agent-secret',
    ...more,
  ]);
  await sh(machine, 'systemctl enable k3s');
  return machine;
}

/** In one turn of the event loop, so that all are there before the first is promoted. */
function startAtOnce(...machines: Machine[]): void {
  for (const machine of machines) machine.systemd.unit('k3s.service')?.start();
}

const active = (machine: Machine) => until(() => machine.systemd.unit('k3s.service')?.state === 'active', 'active');
const nodes = (machine: Machine) =>
  sh(
    machine,
    `k3s kubectl get nodes --no-headers -o 'custom-columns=N:.metadata.name,R:.status.conditions[?(@.type=="Ready")].status,V:.status.conditions[?(@.type=="EtcdIsVoter")].status'`,
  );

async function three(): Promise<[Machine, Machine, Machine]> {
  fixture = await startRegionFixture();
  const a = await founder();
  const b = await joiner('b', a);
  const c = await joiner('c', a);
  startAtOnce(b, c);
  await active(b);
  await active(c);
  await until(async () => (await nodes(a)).out.match(/g1 {3}True/g)?.length === 3, 'three Ready nodes');
  return [a, b, c];
}

describe('a cluster of three servers', () => {
  it('takes in a server with the settings that the others run with now, not with those of the bootstrap', async () => {
    fixture = await startRegionFixture();
    const a = await founder();
    const disable = 'disable: servicelb';
    config(a, ['cluster-init: true', 'node-name: a-g1', 'token: short-secret', 'agent-token: agent-secret', disable]);
    await sh(a, 'systemctl restart k3s');
    const b = await joiner('b', a, [disable]);
    startAtOnce(b);
    await active(b);
    const c = await joiner('c', a);
    startAtOnce(c);
    await until(() => journal(c).includes('mismatch between servers: disable'), 'refusal');
  });

  it('is made by one that bootstraps and two that join, one learner at a time', async () => {
    const [a, b, c] = await three();
    await until(
      async () => (await nodes(a)).out === 'a-g1   True   True\nb-g1   True   True\nc-g1   True   True\n',
      'all',
    );
    // The later learner waited for the promotion of the earlier one, and the chain of spans tells so.
    const spans = fixture.world.spans.all;
    const joins = spans.filter(({ kind }) => kind === 'join');
    const promotions = spans.filter(({ kind }) => kind === 'promote');
    expect(joins).toHaveLength(2);
    const asking = spans.find(({ id }) => id === promotions[1]?.after[0]);
    expect(asking?.kind).toBe('join-retry');
    expect(asking?.after).toContain(promotions[0]?.id);
    expect(joins[0]?.after).toContain(spans.find(({ kind }) => kind === 'found')?.id);
    expect([b, c].some((machine) => journal(machine).includes('too many learner members'))).toBe(true);
  });

  it('answers without one server, and not without two', async () => {
    const [a, b, c] = await three();
    c.crash();
    await until(async () => (await nodes(a)).code === 0, 'answer with two of three');
    b.crash();
    const answer = await nodes(a);
    expect(answer.code).toBe(1);
    expect(answer.err).toContain('no leader');
  });

  it('notes which servers serve, so that the fewest at once can be counted', async () => {
    // Prepare
    const all = await three();
    const [a, b, c] = all;
    const { notes } = fixture.world.record;
    const servers = all.map(({ id }) => id);
    const first = notes.length;

    // Act
    await sh(a, 'systemctl restart k3s');
    await active(a);
    await sh(b, 'systemctl restart k3s');
    await active(b);
    const oneByOne = notes.slice(first);
    b.crash();
    c.crash();

    // Assess
    expect(oneByOne.flatMap(({ kind, data }) => (/^k3s-/.test(kind) ? [[kind, data['instanceId']]] : []))).toEqual([
      ['k3s-gone', a.id],
      ['k3s-serving', a.id],
      ['k3s-gone', b.id],
      ['k3s-serving', b.id],
    ]);
    expect(fewestServing(servers, oneByOne)).toBe(2);
    expect(fewestServing(servers, notes.slice(first))).toBe(1);
  });

  it('shows a dead node as not ready after a while', async () => {
    const [a, , c] = await three();
    c.crash();
    await until(async () => /c-g1 {3}Unknown {3}False/.test((await nodes(a)).out), 'unknown');
    const table = await sh(a, 'k3s kubectl get nodes');
    expect(table.out).toMatch(/c-g1\s+NotReady/);
  });

  it('comes back after a stop of all when two have started, at the same addresses', async () => {
    const all = await three();
    for (const machine of all) await machine.shutdown();
    const [a, b] = all;
    fixture.host.boot({ ...a.instance, boots: 2 });
    await until(() => journal(a).includes('Waiting for etcd'), 'waiting');
    expect(a.systemd.unit('k3s.service')?.state).toBe('activating');
    fixture.host.boot({ ...b.instance, boots: 2 });
    await active(a);
    await active(b);
    expect((await nodes(a)).code).toBe(0);
  });

  it('refuses a server that comes back under another address', async () => {
    const [, b] = await three();
    await b.shutdown();
    fixture.host.boot({ ...b.instance, privateIp: '10.0.9.9' });
    await until(() => journal(b).includes('not a member of the etcd cluster'), 'refusal');
  });

  it('removes a member by annotation; it comes back only with its db set aside', async () => {
    const [a, b] = await three();
    const annotated = await sh(a, 'k3s kubectl annotate node b-g1 etcd.k3s.cattle.io/remove=true --overwrite');
    expect(annotated.out).toBe('node/b-g1 annotated\n');
    const removed = await sh(
      a,
      `k3s kubectl get node b-g1 --no-headers -o 'custom-columns=R:.metadata.annotations.etcd\\.k3s\\.cattle\\.io/removed-node-name'`,
    );
    expect(removed.out).toMatch(/^b-g1-[0-9a-f]{8}\n$/);
    await until(() => journal(b).includes('not a member of the etcd cluster'), 'refusal');
    expect((await sh(a, 'k3s kubectl delete node b-g1')).out).toBe('node "b-g1" deleted\n');
    await sh(b, 'systemctl stop k3s && mv "$KEELSON_ROOT/var/lib/rancher/k3s/server/db" "$KEELSON_ROOT/tmp/db"');
    await sh(b, 'systemctl start k3s');
    await until(async () => (await nodes(a)).out.includes('b-g1   True   True'), 'b votes again');
  });

  it('hands leadership over at a graceful stop, and needs an election after a crash', async () => {
    const [a, b, c] = await three();
    await sh(a, 'systemctl stop k3s');
    expect((await nodes(b)).code).toBe(0);
    await sh(a, 'systemctl start k3s');
    b.crash();
    await until(async () => (await nodes(c)).code === 0, 'answer after the election');
    expect(fixture.world.spans.all.some(({ kind }) => kind === 'election')).toBe(true);
  });
});

describe('joining', () => {
  it('is refused with the token of another cluster', async () => {
    fixture = await startRegionFixture();
    const a = await founder();
    const other = await founder('z');
    const c = await fixture.launch('c');
    install(c, 'server');
    config(c, [`server: https://${a.instance.privateIp}:6443`, `token: ${token(other)}`, 'agent-token: agent-secret']);
    await sh(c, 'systemctl start --no-block k3s');
    await until(() => journal(c).includes('token CA hash does not match'), 'refusal');
  });

  it('is refused with a wrong password, other critical settings, or a name that is taken', async () => {
    fixture = await startRegionFixture();
    const a = await founder();
    const start = async (name: string, lines: string[]) => {
      const machine = await fixture.launch(name);
      install(machine, 'server');
      config(machine, [`server: https://${a.instance.privateIp}:6443`, ...lines]);
      await sh(machine, 'systemctl start --no-block k3s');
      return machine;
    };
    const wrong = await start('b', ['token: wrong', 'agent-token: agent-secret', 'node-name: b-g1']);
    const differing = await start('c', [
      `token: ${token(a)}`,
      'agent-token: agent-secret',
      'node-name: c-g1',
      'cluster-cidr: 10.99.0.0/16',
    ]);
    const taken = await start('d', [`token: ${token(a)}`, 'agent-token: agent-secret', 'node-name: a-g1']);
    await until(() => journal(wrong).includes('401 Unauthorized'), '401');
    await until(() =>
      journal(differing).includes('critical configuration value mismatch between servers: cluster-cidr'),
    );
    await until(() => journal(taken).includes('duplicate node name found'), 'duplicate');
    expect(taken.systemd.unit('k3s.service')?.state).toBe('activating');
  });

  it('lets agents in by the agent token, and refuses a reused name', async () => {
    fixture = await startRegionFixture();
    const a = await founder();
    const agent = async (name: string) => {
      const machine = await fixture.launch(name);
      install(machine, 'agent');
      config(machine, [
        `server: https://${a.instance.privateIp}:6443`,
        `token: ${token(a, 'agent-token')}`,
        'node-name: workers-0-g1',
      ]);
      await sh(machine, 'systemctl start --no-block k3s-agent');
      return machine;
    };
    const first = await agent('w');
    await until(() => first.systemd.unit('k3s-agent.service')?.state === 'active', 'active');
    expect(token(a, 'agent-token')).toMatch(/^K10[0-9a-f]{64}::node:agent-secret$/);
    await until(async () => /workers-0-g1 {3}True {3}<none>/.test((await nodes(a)).out), 'a Ready agent');
    const second = await agent('x');
    await until(() => journal(second).includes('Node password rejected'), 'rejection');
    // A deleted Node gives its name free.
    await first.systemd.unit('k3s-agent.service')?.stop();
    await sh(a, 'k3s kubectl delete node workers-0-g1');
    await until(() => second.systemd.unit('k3s-agent.service')?.state === 'active', 'second active');
  });
});
