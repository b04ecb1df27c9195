/** What the critical path of stops and starts is that come one after the other. */
import { GetCommandInvocationCommand, SendCommandCommand, type SendCommandCommandInput } from '@aws-sdk/client-ssm';
import { afterEach, expect, it } from 'vitest';
import { criticalPath } from '../../../../packages/aws-simulator/src/critical-path.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';
import { config, install, sh } from './shell.js';

const LATENCIES = { delivery: 20, report: 20, serviceStop: 50 };

let fixture: RegionFixture;
afterEach(() => fixture.close());

async function pair(): Promise<[Machine, Machine]> {
  fixture = await startRegionFixture(LATENCIES);
  const machines = [await fixture.launch('a'), await fixture.launch('b')] as const;
  const [first, second] = machines;
  for (const machine of machines) install(machine, 'server');
  config(first, ['cluster-init: true', 'token: secret']);
  await sh(first, 'systemctl start k3s');
  config(second, [`server: https://${first.instance.privateIp}:6443`, 'token: secret']);
  await sh(second, 'systemctl start k3s');
  return [first, second];
}

const stopBySsm = (machine: Machine) => send(machine, 'systemctl stop k3s', { InstanceIds: [machine.id] });

async function send(
  machine: Machine,
  command: string,
  to: Pick<SendCommandCommandInput, 'InstanceIds' | 'Targets'>,
): Promise<() => Promise<void>> {
  const input = { DocumentName: 'AWS-RunShellScript', ...to, Parameters: { commands: [command] } };
  const CommandId = (await fixture.ssm().send(new SendCommandCommand(input))).Command?.CommandId;
  const state = new GetCommandInvocationCommand({ CommandId, InstanceId: machine.id });
  return () =>
    until(async () => {
      const answer = await fixture
        .ssm()
        .send(state)
        .catch(() => null);
      return answer?.Status === 'Success';
    }, 'end of the command');
}

const chain = (since: number): string[] =>
  criticalPath(fixture.world.spans.all, { uids: null, since, until: Date.now() }).chain.map(({ kind }) => kind);

it('goes through the report of each stop and the delivery of the next', async () => {
  const [first, second] = await pair();
  const since = Date.now();
  await (await stopBySsm(second))();
  await (await stopBySsm(first))();
  expect(chain(since)).toEqual(['deliver', 'serviceStop', 'report', 'deliver', 'serviceStop', 'report']);
});

it('has no report in between when the next was sent without waiting for it', async () => {
  const [first, second] = await pair();
  const since = Date.now();
  const ended = [await stopBySsm(second), await stopBySsm(first)];
  for (const end of ended) await end();
  expect(chain(since).filter((kind) => kind === 'deliver')).toHaveLength(1);
});

it('goes past what all nodes are asked meanwhile', async () => {
  const [first, second] = await pair();
  const since = Date.now();
  await (await stopBySsm(second))();
  const Targets = [{ Key: 'InstanceIds', Values: [first.id, second.id] }];
  await (await send(first, 'true', { Targets }))();
  await (await stopBySsm(first))();
  expect(chain(since)).toEqual(['deliver', 'serviceStop', 'report', 'deliver', 'serviceStop', 'report']);
});

it('goes through the end of the process before in a restart', async () => {
  const [first] = await pair();
  const since = Date.now();
  await (await send(first, 'systemctl restart k3s', { InstanceIds: [first.id] }))();
  expect(chain(since)).toEqual(['deliver', 'serviceStop', 'rejoin', 'report']);
});

it('goes through the drain of an agent before its stop', async () => {
  const [server] = await pair();
  const agent = await fixture.launch('c');
  install(agent, 'agent');
  config(agent, [`server: https://${server.instance.privateIp}:6443`, 'token: secret', 'node-name: agent']);
  await sh(agent, 'systemctl start k3s-agent');
  const since = Date.now();
  await (await send(server, 'k3s kubectl drain agent --ignore-daemonsets', { InstanceIds: [server.id] }))();
  await (await send(agent, 'systemctl stop k3s-agent', { InstanceIds: [agent.id] }))();
  expect(chain(since)).toEqual(['deliver', 'drain', 'serviceStop', 'report']);
});
