/** Nodes that stay behind without a machine. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { config, install, sh } from '../k3s/shell.js';
import { addStaleNode } from './admin-api.js';
import { type RegionFixture, startRegionFixture, until } from './fixture.js';

let fixture: RegionFixture;
let machine: Machine;
beforeEach(async () => {
  fixture = await startRegionFixture();
  machine = await fixture.launch('a', { tags: { 'keelson:cluster': 'shop', 'keelson:uid': 'u-1' } });
  install(machine, 'server');
  config(machine, ['cluster-init: true', 'node-name: a-g1', 'token: secret']);
  await sh(machine, 'systemctl start k3s');
  await until(async () => (await nodes()).out === 'a-g1   True   True\n', 'a Ready voter');
});
afterEach(() => fixture.close());

const nodes = () =>
  sh(
    machine,
    `k3s kubectl get nodes --no-headers -o 'custom-columns=N:.metadata.name,R:.status.conditions[?(@.type=="Ready")].status,V:.status.conditions[?(@.type=="EtcdIsVoter")].status'`,
  );

const voters = () =>
  fixture.host.k3s.serverOn(machine.id)?.membership?.cluster.etcd.voters.map(({ nodeName }) => nodeName);

it('an agent without a machine is a Node that is not Ready, and can be deleted', async () => {
  expect(await addStaleNode(fixture, { cluster: 'shop', uid: 'u-1', nodeName: 'w-g1', server: false })).toBe(201);

  expect((await nodes()).out).toBe('a-g1   True      True\nw-g1   Unknown   <none>\n');
  expect((await sh(machine, 'k3s kubectl get nodes')).out).toMatch(/w-g1\s+NotReady\s+<none>/);
  expect((await sh(machine, 'k3s kubectl delete node w-g1')).out).toBe('node "w-g1" deleted\n');
});

it('a server without a machine has a vote: it is removed like any other while most are up', async () => {
  const other = await fixture.launch('b');
  install(other, 'server');
  config(other, [`server: https://${machine.instance.privateIp}:6443`, 'node-name: b-g1', 'token: secret']);
  await sh(other, 'systemctl start k3s');

  await addStaleNode(fixture, { cluster: 'shop', nodeName: 'c-g1', server: true });
  expect((await nodes()).out).toContain('c-g1   Unknown');
  expect(voters()).toEqual(['a-g1', 'b-g1', 'c-g1']);
  await sh(machine, 'k3s kubectl annotate node c-g1 etcd.k3s.cattle.io/remove=true --overwrite');
  expect(voters()).toEqual(['a-g1', 'b-g1']);
  await sh(machine, 'k3s kubectl delete node c-g1');

  await until(async () => (await nodes()).out === 'a-g1   True   True\nb-g1   True   True\n', 'two Ready voters');
});

it('a vote that is down counts against the quorum', async () => {
  await addStaleNode(fixture, { cluster: 'shop', nodeName: 'c-g1', server: true });

  expect((await nodes()).err).toContain('no leader');
});

it('no one else joins under the name of a stale node', async () => {
  await addStaleNode(fixture, { cluster: 'shop', nodeName: 'w-g1', server: false });
  const agent = await fixture.launch('w');
  install(agent, 'agent');
  config(agent, [`server: https://${machine.instance.privateIp}:6443`, 'node-name: w-g1', 'token: secret']);
  await sh(agent, 'systemctl start --no-block k3s-agent');

  await until(
    async () => (await sh(agent, 'journalctl -u k3s-agent')).out.includes('Node password rejected'),
    'refusal',
  );
});

it.each([
  ['a name that is taken', { cluster: 'shop', nodeName: 'a-g1', server: false }, 409],
  ['a cluster that is not there', { cluster: 'other', nodeName: 'w-g1', server: false }, 404],
  ['another uid', { cluster: 'shop', uid: 'u-2', nodeName: 'w-g1', server: false }, 404],
  ['a key too many', { cluster: 'shop', nodeName: 'w-g1', server: false, role: 'agent' }, 400],
  ['a key too few', { cluster: 'shop', nodeName: 'w-g1' }, 400],
])('is refused: %s', async (_, staleNode, status) => {
  expect(await addStaleNode(fixture, staleNode)).toBe(status);
});
