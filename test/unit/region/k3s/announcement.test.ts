/** What etcd tells of itself on the metrics port of K3s. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Profile } from '../../../../packages/aws-simulator/src/contract.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';
import { config, install, sh } from './shell.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

const NEW = 'v1.34.2+k3s1';
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
