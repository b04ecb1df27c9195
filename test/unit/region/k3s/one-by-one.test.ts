/** What the critical path of stops is that come one after the other. */
import { GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { afterEach, expect, it } from 'vitest';
import { criticalPath } from '../../../../packages/aws-simulator/src/critical-path.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { type Rig, startRig, until } from '../machine/rig.js';
import { config, install, sh } from './shell.js';

const LATENCIES = { delivery: 20, report: 20, serviceStop: 50 };

let rig: Rig;
afterEach(() => rig.close());

async function pair(): Promise<[Machine, Machine]> {
  rig = await startRig(LATENCIES);
  const machines = [await rig.launch('a'), await rig.launch('b')] as const;
  const [first, second] = machines;
  for (const machine of machines) install(machine, 'server');
  config(first, ['cluster-init: true', 'token: secret']);
  await sh(first, 'systemctl start k3s');
  config(second, [`server: https://${first.instance.privateIp}:6443`, 'token: secret']);
  await sh(second, 'systemctl start k3s');
  return [first, second];
}

async function stopBySsm(machine: Machine): Promise<() => Promise<void>> {
  const Parameters = { commands: ['systemctl stop k3s'] };
  const input = { DocumentName: 'AWS-RunShellScript', InstanceIds: [machine.id], Parameters };
  const CommandId = (await rig.ssm().send(new SendCommandCommand(input))).Command?.CommandId;
  const state = new GetCommandInvocationCommand({ CommandId, InstanceId: machine.id });
  return () =>
    until(async () => {
      const answer = await rig
        .ssm()
        .send(state)
        .catch(() => null);
      return answer?.Status === 'Success';
    }, 'end of the stop');
}

const chain = (since: number): string[] =>
  criticalPath(rig.world.spans.all, { uids: null, since, until: Date.now() }).chain.map(({ kind }) => kind);

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
