/** K3s's own times: what waits for a tick of the leader's loop, and what comes before and after it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Profile } from '../../../../packages/aws-simulator/src/contract.js';
import type { FaultPlan } from '../../../../packages/aws-simulator/src/faults.js';
import type { Etcd } from '../../../../packages/aws-simulator/src/k3s/etcd.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { journal, type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';
import { config, install, sh } from './shell.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

/** Of a loop that does not tick, however slow this machine is, until a test says so. */
const HOUR = 3_600_000;
const SOON_MS = 50;
/** By so much a timer may be early, with the clock's own rounding. */
const EARLY_MS = 2;
const HELD = { id: 'learns', point: 'span', match: { kind: 'promote' }, hold: true } as const;

async function server(name: string, lines: string[]): Promise<Machine> {
  const machine = await fixture.launch(name);
  install(machine, 'server');
  config(machine, [`node-name: ${name}-g1`, 'token: secret', ...lines]);
  machine.systemd.unit('k3s.service')?.start();
  return machine;
}
const founder = async (over: Partial<Profile> = {}, plan?: FaultPlan): Promise<Machine> => {
  fixture = await startRegionFixture(over);
  if (plan !== undefined) fixture.world.faults.add(plan);
  const first = await server('a', ['cluster-init: true']);
  await active(first);
  return first;
};
const joiner = (name: string, first: Machine) => server(name, [`server: https://${first.instance.privateIp}:6443`]);

const state = (machine: Machine) => machine.systemd.unit('k3s.service')?.state;
const active = (machine: Machine) => until(() => state(machine) === 'active', 'active');
const clusterOf = (machine: Machine) => fixture.host.k3s.serverOn(machine.id)!.membership!.cluster;
/**
 * From now on the leader's loop ticks so often that its first tick comes at once.
 *
 * @returns when that is, milliseconds since 1970; a slow machine may hear of a later one alone
 */
function bringTick(etcd: Etcd): number {
  const leader = etcd.leader!;
  const interval = Date.now() + SOON_MS - leader.loop.startedAt;
  fixture.world.profile.promotionCheck = interval;
  // Another clock, which makes all who wait for a tick ask again.
  leader.loop = { ...leader.loop };
  etcd.wake();
  return leader.loop.startedAt + interval;
}
const promotions = () => fixture.world.spans.all.filter(({ kind }) => kind === 'promote');

const voters = (machine: Machine) =>
  sh(
    machine,
    `k3s kubectl get nodes --no-headers -o 'custom-columns=N:.metadata.name,V:.status.conditions[?(@.type=="EtcdIsVoter")].status'`,
  );
/** As lib/promote.sh does it. */
const ask = (from: Machine, host: string, id: string, change = (text: string) => text) => {
  const message = BigInt(`0x${id}`);
  const varint = Array.from({ length: 10 }, (_, at) => Number((message >> BigInt(7 * at)) & 127n) | (at < 9 ? 128 : 0));
  const frame = [0, 0, 0, 0, 11, 8, ...varint].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join('');
  const files = [
    ['cacert', 'server-ca.crt'],
    ['cert', 'client.crt'],
    ['key', 'client.key'],
  ];
  const tls = files
    .map(([flag, file]) => `--${flag} ${from.path('/var/lib/rancher/k3s/server/tls/etcd')}/${file}`)
    .join(' ');
  const url = `https://${host}:2379/etcdserverpb.Cluster/MemberPromote`;
  return sh(
    from,
    change(
      `printf '%b' '${frame}' | curl -s --http2 ${tls} --header 'content-type: application/grpc' --data-binary @- ${url}`,
    ),
  );
};
const isLearner = async (machine: Machine) =>
  /^etcd_server_is_learner (.)$/m.exec((await sh(machine, 'curl -s http://127.0.0.1:2381/metrics')).out)?.[1];

describe('the promotion loop', () => {
  it('writes the Node condition EtcdIsVoter at its ticks alone, of the first server too', async () => {
    // Prepare, Act
    const a = await founder({ promotionCheck: HOUR });
    const early = await voters(a);
    const tick = bringTick(clusterOf(a).etcd);
    await until(async () => (await voters(a)).out === 'a-g1   True\n', 'condition');

    // Assess
    expect(early.out).toBe('a-g1   <none>\n');
    expect(clusterOf(a).nodes.get('a-g1')?.etcdCondition?.since).toBeGreaterThanOrEqual(tick - EARLY_MS);
    expect(await isLearner(a)).toBe('0');
  });

  it('promotes a learner at its next tick, counted from the start of the process that leads', async () => {
    // Prepare
    const a = await founder({ promotionCheck: HOUR });
    const { etcd } = clusterOf(a);
    const asked = vi.spyOn(etcd, 'untilTick');
    const b = await joiner('b', a);
    await until(() => etcd.members.some(({ caughtUp, learner }) => learner && caughtUp), 'learner');

    // Act
    const before = await isLearner(b);
    const tick = bringTick(etcd);
    await active(b);

    // Assess
    const promoted = Date.parse(fixture.world.record.notes.find(({ kind }) => kind === 'promoted')?.at ?? '');
    expect(before).toBe('1');
    expect(promoted).toBeGreaterThanOrEqual(tick - EARLY_MS);
    // What it waits for is a whole number of intervals from there.
    const { startedAt } = etcd.leader!.loop;
    const waits = asked.mock.calls.map(([now], at) => now + Number(asked.mock.results[at]?.value) - startedAt);
    expect(waits).toContain(HOUR);
    for (const wait of waits) expect(wait % (wait < HOUR ? tick - startedAt : HOUR)).toBe(0);
  });

  it('is not waited for by a learner whom someone asks etcd to let vote', async () => {
    // Prepare
    const a = await founder({ promotionCheck: HOUR });
    const b = await joiner('b', a);
    await until(async () => (await isLearner(b)) === '1', 'learner');
    const { etcd } = clusterOf(a);
    const { id } = etcd.members.find(({ learner }) => learner)!;

    // Act
    await until(async () => {
      await ask(b, a.instance.privateIp, id);
      return (await isLearner(b)) === '0';
    }, 'vote');
    await active(b);

    // Assess
    expect(etcd.voters).toHaveLength(2);
    expect(promotions()[0]?.imposedMs).toBe(fixture.world.profile.catchUp);
  });

  it('is the only one who hears of a learner that asks without a certificate, in HTTP/1.1, in a frame that is cut, or asks a learner', async () => {
    const a = await founder({ promotionCheck: HOUR });
    const b = await joiner('b', a);
    await until(() => clusterOf(a).etcd.members.some(({ caughtUp, learner }) => learner && caughtUp), 'learner');
    const { id } = clusterOf(a).etcd.members.find(({ learner }) => learner)!;
    const to = a.instance.privateIp;

    const answers = [
      await ask(b, to, id, (text) => text.replace('client.key', 'other.key')),
      await ask(b, to, id, (text) => text.replace('--http2', '')),
      await ask(b, to, id, (text) => text.replace('\\0013', '\\0012')),
      await ask(b, b.instance.privateIp, id),
    ];

    expect(answers.map(({ code }) => code)).toEqual([58, 1, 92, 7]);
    expect(await isLearner(b)).toBe('1');
  });

  it('is the loop of the leader: another leader, or another start of it, ticks at other times', async () => {
    const a = await founder();
    const b = await joiner('b', a);
    await active(b);
    const { etcd } = clusterOf(a);
    const before = etcd.leader;

    await sh(a, 'systemctl stop k3s');
    await until(() => !etcd.available, 'no quorum');
    await sh(a, 'systemctl start k3s');
    await until(() => etcd.available, 'leader');

    const loops = etcd.members.map(({ loop }) => loop.startedAt);
    const { leader } = etcd;
    expect(before?.instanceId).toBe(a.id);
    expect(new Set(loops).size).toBe(2);
    const now = leader!.loop.startedAt + 5 * fixture.world.profile.promotionCheck + 3;
    expect(etcd.untilTick(now)).toBe(fixture.world.profile.promotionCheck - 3);
  });
});

describe('a server that joins', () => {
  it('serves its API, has a Node and an active unit only when it votes', async () => {
    // Prepare
    const a = await founder();
    fixture.world.faults.add(HELD);

    // Act
    const b = await joiner('b', a);
    await until(async () => (await isLearner(b)) === '1', 'learner');
    const learning = { state: state(b), asked: await sh(b, 'k3s kubectl get nodes'), nodes: (await voters(a)).out };
    const listed = await sh(
      a,
      `printf 'user = "server:secret"\n' | curl --config - -s --cacert x https://127.0.0.1:6443/db/info`,
    );
    fixture.world.faults.remove(HELD.id);
    await active(b);

    // Assess
    expect(learning.state).toBe('activating');
    expect(learning.asked.err).toContain('refused');
    expect(learning.nodes).not.toContain('b-g1');
    expect(listed.out).toMatch(
      /^{"members":\[{"ID":\d+,"name":"a-g1-[0-9a-f]{8}","peerURLs":\["https:.*:2380"\],"clientURLs":\[[^\]]+\]},{"ID":\d+,"name":"b-g1-.*"isLearner":true}\]}\n$/,
    );
    expect(await isLearner(b)).toBe('0');
    await until(async () => (await voters(a)).out.includes('b-g1'), 'node of b');
  });

  it('is refused while another one learns, and asks again until that votes', async () => {
    const a = await founder();
    fixture.world.faults.add(HELD);
    const b = await joiner('b', a);
    await until(async () => (await isLearner(b)) === '1', 'learner');

    const c = await joiner('c', a);
    await until(() => journal(c).includes('too many learner members in cluster'), 'refusal');
    const members = clusterOf(a).etcd.members.map(({ nodeName }) => nodeName);
    fixture.world.faults.remove(HELD.id);
    await Promise.all([active(b), active(c)]);

    expect(members).toEqual(['a-g1', 'b-g1']);
    expect(c.systemd.unit('k3s.service')?.restarts).toBe(0);
    // The next time that it asked came after the vote of the first and the time for which etcd wants to know it.
    const asking = fixture.world.spans.all.find(({ id }) => id === promotions()[1]?.after[0]);
    const health = fixture.world.spans.all.find(({ kind }) => kind === 'peer-health');
    expect(asking?.kind).toBe('join-retry');
    expect(asking?.after).toEqual(expect.arrayContaining([promotions()[0]?.id, health?.id]));
  });

  it('is refused while a voter is down, and let in when that is back', async () => {
    const a = await founder();
    const b = await joiner('b', a);
    const c = await joiner('c', a);
    await Promise.all([active(b), active(c)]);
    c.crash();

    const d = await joiner('d', a);
    await until(() => journal(d).includes('etcdserver: unhealthy cluster'), 'refusal');
    fixture.host.boot({ ...c.instance, boots: 2 });
    // A boot first ends what the boot before has left; a command sent sooner would end with that.
    await until(() => c.agent.online, 'boot');
    await sh(c, 'systemctl start k3s');
    await active(d);

    expect(clusterOf(a).etcd.voters).toHaveLength(4);
  });

  it('keeps everybody else out when it dies as a learner, until the leader evicts it', async () => {
    // Prepare
    const a = await founder({ promotionCheck: HOUR });
    const { etcd } = clusterOf(a);
    fixture.world.faults.add(HELD);
    const b = await joiner('b', a);
    await until(async () => (await isLearner(b)) === '1', 'learner');
    b.crash();
    fixture.world.faults.remove(HELD.id);
    const { since } = etcd.members.find(({ learner }) => learner)!;

    // Act
    const c = await joiner('c', a);
    await until(() => journal(c).includes('too many learner members'), 'refusal');
    const interval = Math.ceil((Date.now() + SOON_MS - since) / 20);
    fixture.world.profile.promotionCheck = interval;
    etcd.wake();
    await active(c);

    // Assess
    const evicted = Date.parse(fixture.world.record.notes.find(({ kind }) => kind === 'learner-evicted')?.at ?? '');
    expect(evicted - since).toBeGreaterThan(20 * interval);
    expect(etcd.members.map(({ nodeName }) => nodeName)).toEqual(['a-g1', 'c-g1']);
  });
});

it('a unit is active some time before its node is Ready', async () => {
  const starting = { id: 'starts', point: 'span', match: { kind: 'ready' }, hold: true } as const;
  const a = await founder({}, starting);
  const ready = () =>
    sh(a, `k3s kubectl get nodes --no-headers -o 'custom-columns=R:.status.conditions[?(@.type=="Ready")].status'`);

  const early = await ready();
  fixture.world.faults.remove(starting.id);
  expect(early.out).toBe('False\n');
  await until(async () => (await ready()).out === 'True\n', 'Ready');
});
