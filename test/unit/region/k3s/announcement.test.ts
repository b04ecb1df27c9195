/** What etcd tells of itself on the metrics port of K3s, and how a member that joins loses its announcement. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Profile } from '../../../../packages/aws-simulator/src/contract.js';
import { criticalPath } from '../../../../packages/aws-simulator/src/critical-path.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { journal, type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';
import { config, install, sh } from './shell.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

/** Of a wait that does not end in a test, however slow this machine is. */
const HOUR = 3_600_000;
const NEW = 'v1.34.2+k3s1';
const OLD = 'v1.33.7+k3s3';
const HELD = { id: 'learns', point: 'span', match: { kind: 'promote' }, hold: true } as const;

async function server(name: string, version: string, lines: string[]): Promise<Machine> {
  const machine = await fixture.launch(name);
  install(machine, 'server', version);
  config(machine, [`node-name: ${name}-g1`, 'token: secret', ...lines]);
  machine.systemd.unit('k3s.service')?.start();
  return machine;
}
async function founder(over: Partial<Profile> = {}, version = NEW): Promise<Machine> {
  fixture = await startRegionFixture(over);
  const first = await server('a', version, ['cluster-init: true']);
  await active(first);
  return first;
}
const joiner = (name: string, first: Machine, version = NEW) =>
  server(name, version, [`server: https://${first.instance.privateIp}:6443`]);

const state = (machine: Machine) => machine.systemd.unit('k3s.service')?.state;
const active = (machine: Machine) => until(() => state(machine) === 'active', 'active');

/** By their names, without the prefix that all have. */
async function metrics(machine: Machine): Promise<Record<string, number>> {
  const { out } = await sh(machine, 'curl -s http://127.0.0.1:2381/metrics');
  const lines = [...out.matchAll(/^etcd_server_(\w+) (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, name, value]) => [name, Number(value)]));
}
const told = (of: Record<string, number>, learner: 0 | 1, pending: 0 | 1, index = expect.any(Number)) =>
  expect(of).toEqual({
    has_leader: 1,
    is_leader: 0,
    is_learner: learner,
    proposals_applied_total: index,
    proposals_committed_total: index,
    proposals_pending: pending,
  });

describe('the metrics of etcd', () => {
  it('know nothing of the log before the snapshot of the leader is there, and as much as the leader afterwards', async () => {
    // Prepare
    const a = await founder();
    fixture.world.faults.add(HELD);

    // Act
    const b = await joiner('b', a);
    await until(async () => (await metrics(b))['is_learner'] === 1, 'learner');
    const early = await metrics(b);
    fixture.world.faults.remove(HELD.id);
    await active(b);
    const [leader, other] = [await metrics(a), await metrics(b)];

    // Assess
    expect(early).toMatchObject({ is_learner: 1, proposals_applied_total: 0, proposals_committed_total: 0 });
    expect(leader).toMatchObject({ is_leader: 1, is_learner: 0, has_leader: 1, proposals_pending: 0 });
    expect(leader['proposals_applied_total']).toBeGreaterThan(0);
    told(other, 0, 0, leader['proposals_applied_total']);
  });

  it('have a proposal under way while a member that comes back finds no leader', async () => {
    // Prepare
    const a = await founder();
    const b = await joiner('b', a);
    await active(b);

    // Act
    await Promise.all([a, b].map((machine) => sh(machine, 'systemctl stop k3s')));
    await sh(b, 'systemctl start --no-block k3s');
    await until(async () => 'has_leader' in (await metrics(b)), 'metrics');
    const alone = await metrics(b);
    await sh(a, 'systemctl start k3s');
    await active(b);

    // Assess
    expect(alone).toMatchObject({ has_leader: 0, is_learner: 0, proposals_pending: 1 });
    expect(await metrics(b)).toMatchObject({ has_leader: 1, proposals_pending: 0 });
  });

  it.each([
    ['v1.33.6+k3s1', '3.5.21'],
    ['v1.33.7+k3s3', '3.5.26'],
    ['v1.34.2+k3s1', '3.6.4'],
    ['v1.35.0+k3s1', '3.6.4'],
  ])('of K3s %s are of etcd %s', async (k3s, etcd) => {
    const a = await founder({}, k3s);

    const { out } = await sh(a, 'curl -s http://127.0.0.1:2381/metrics');

    expect(out).toContain(`\netcd_server_version{server_version="${etcd}"} 1\n`);
  });
});

describe('a member that begins with a snapshot of the leader', () => {
  /** It learns, and has the snapshot. */
  const waits = (machine: Machine) =>
    until(async () => ((await metrics(machine))['proposals_applied_total'] ?? 0) > 0, 'snapshot');
  /** The leader is asked to let the learner vote. @returns its refusal */
  const vote = (leader: Machine) => {
    const { etcd } = fixture.host.k3s.serverOn(leader.id)!.membership!.cluster;
    return etcd.promote(etcd.members.find(({ learner }) => learner)?.id ?? '');
  };
  const chain = () =>
    criticalPath(fixture.world.spans.all, { uids: null, since: 0, until: Date.now() }).chain.map(({ kind }) => kind);

  it('waits for its announcement, which was in there: it serves no one and is not active, also when it votes', async () => {
    // Prepare
    const a = await founder({ promotionCheck: HOUR, publishTimeout: HOUR });
    const b = await joiner('b', a);

    // Act
    await waits(b);
    const learning = await metrics(b);
    const refusal = vote(a);
    const voting = await metrics(b);
    const asked = await sh(b, 'k3s kubectl get nodes');

    // Assess
    told(learning, 1, 1, learning['proposals_applied_total']);
    expect(refusal).toBeNull();
    told(voting, 0, 1, voting['proposals_applied_total']);
    expect(asked.err).toContain('refused');
    expect(state(b)).toBe('activating');
  });

  it('announces itself again when its request has timed out, of which the critical path knows nothing', async () => {
    // Prepare
    const a = await founder({ publishTimeout: 300 });

    // Act
    const b = await joiner('b', a);
    await active(b);

    // Assess
    const since = (kind: string) => fixture.world.spans.all.find((span) => span.kind === kind)!.startedAt;
    expect(since('datastore-test') - since('promote')).toBeGreaterThanOrEqual(290);
    expect((await metrics(b))['proposals_pending']).toBe(0);
    expect(journal(b)).toContain('failed to publish local member to cluster through raft');
    await until(() => chain().at(-1) === 'ready', 'Ready');
    expect(chain().slice(-5)).toEqual(['join', 'promote', 'datastore-test', 'serve', 'ready']);
  });

  it.each([['learns'], ['votes']])(
    'announces itself at once when it is started again with the snapshot on its disk, which is on the critical path (it %s)',
    async (how) => {
      // Prepare
      const a = await founder({ promotionCheck: HOUR, publishTimeout: HOUR });
      const b = await joiner('b', a);
      await waits(b);
      if (how === 'votes') expect(vote(a)).toBeNull();

      // Act
      await sh(b, 'systemctl restart --no-block k3s');
      if (how === 'learns') await until(() => vote(a) === null, 'vote');
      await active(b);

      // Assess
      expect((await metrics(b))['proposals_pending']).toBe(0);
      await until(() => chain().at(-1) === 'ready', 'Ready');
      expect(chain().slice(-4)).toEqual(['join', 'promote', 'rejoin', 'ready']);
    },
  );

  it('loses its announcement again when it is started again before it has the snapshot', async () => {
    // Prepare
    const a = await founder({ publishTimeout: HOUR });
    fixture.world.faults.add(HELD);
    const b = await joiner('b', a);
    await until(async () => (await metrics(b))['is_learner'] === 1, 'learner');

    // Act
    await sh(b, 'systemctl restart --no-block k3s');
    await until(() => journal(b).split('Starting k3s ').length === 3, 'second start');
    fixture.world.faults.remove(HELD.id);
    await waits(b);

    // Assess
    expect(await metrics(b)).toMatchObject({ proposals_pending: 1 });
    expect(state(b)).toBe('activating');
  });

  it('is known to etcd from its second start on: the next server waits for that', async () => {
    // Prepare
    const a = await founder({ promotionCheck: HOUR, publishTimeout: HOUR, peerHealth: 100 });
    const b = await joiner('b', a);
    await waits(b);
    const c = await joiner('c', a);
    await until(() => journal(c).includes('too many learner members in cluster'), 'refusal');

    // Act
    await sh(b, 'systemctl restart --no-block k3s');
    await until(() => vote(a) === null, 'vote');
    await waits(c);

    // Assess
    const kinds = fixture.world.spans.all.filter(({ kind }) => kind === 'peer-health');
    const asking = fixture.world.spans.all.find(({ kind }) => kind === 'join-retry');
    expect(asking?.after).toContain(kinds.find(({ note }) => note === undefined)?.id);
  });

  it.each([
    ['a leader of etcd 3.5', OLD, OLD],
    ['a leader of etcd 3.5, with an etcd 3.6 of its own', OLD, NEW],
  ])('is none where it joins %s, which sends its log', async (_, first, version) => {
    const a = await founder({ publishTimeout: HOUR }, first);

    const b = await joiner('b', a, version);
    await active(b);

    expect(await metrics(b)).toMatchObject({ is_learner: 0, proposals_pending: 0 });
  });
});
