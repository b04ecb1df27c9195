/** What someone can do to a machine behind Keelson's back. */
import { statSync } from 'node:fs';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { config, install, sh } from '../k3s/shell.js';
import { changeMachine } from './admin-api.js';
import { journal, type RegionFixture, startRegionFixture, until } from './fixture.js';

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;

let fixture: RegionFixture;
beforeEach(async () => {
  fixture = await startRegionFixture();
});
afterEach(() => fixture.close());

async function founder(): Promise<Machine> {
  const machine = await fixture.launch('a');
  install(machine, 'server');
  config(machine, ['cluster-init: true', 'node-name: a-g1', 'token: secret']);
  await sh(machine, 'systemctl enable k3s && systemctl start k3s');
  return machine;
}

const unitState = async (machine: Machine) => (await sh(machine, 'systemctl is-active k3s')).out.trim();
const conditions = async (machine: Machine) => {
  const type = (name: string) => `${name}:.status.conditions[?(@.type=="${name}")].status`;
  const columns = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map(type).join(',');
  const { out } = await sh(machine, `k3s kubectl get nodes --no-headers -o 'custom-columns=${columns}'`);
  return out.trim().split(/\s+/);
};

describe('a service', () => {
  it('is stopped, and started', async () => {
    const machine = await founder();

    expect(await changeMachine(fixture, machine.id, { service: 'stop' })).toBe(200);
    expect(await unitState(machine)).toBe('inactive');
    expect(await changeMachine(fixture, machine.id, { service: 'start' })).toBe(200);
    await until(async () => (await unitState(machine)) === 'active', 'active');
  });

  it('is killed, and systemd does not bring it back', async () => {
    const machine = await founder();

    expect(await changeMachine(fixture, machine.id, { service: 'kill' })).toBe(200);

    expect(await unitState(machine)).toBe('failed');
    expect(journal(machine)).toContain('k3s.service: Main process exited, code=killed, status=9/KILL');
    expect((await sh(machine, 'k3s kubectl get nodes')).err).toContain('was refused');
    expect((await sh(machine, 'systemctl show -p NRestarts --value k3s')).out).toBe('0\n');
    expect((await sh(machine, 'systemctl start k3s && systemctl is-active k3s')).out).toBe('active\n');
  });

  it('is killed while it starts', async () => {
    const machine = await fixture.launch('a');
    install(machine, 'server');
    config(machine, ['server: https://10.0.1.99:6443', 'token: x']);
    await sh(machine, 'systemctl start --no-block k3s');

    await changeMachine(fixture, machine.id, { service: 'kill' });

    expect(await unitState(machine)).toBe('failed');
  });
});

describe('the SSM agent', () => {
  const ping = async () => {
    const { InstanceInformationList } = await fixture.ssm().send(new DescribeInstanceInformationCommand({}));
    return InstanceInformationList?.[0]?.PingStatus;
  };
  const send = async (machine: Machine, command: string) => {
    const sent = await fixture.ssm().send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [machine.id],
        Parameters: { commands: [command], executionTimeout: ['60'] },
      }),
    );
    const which = { CommandId: sent.Command?.CommandId, InstanceId: machine.id };
    return async () =>
      (
        await fixture
          .ssm()
          .send(new GetCommandInvocationCommand(which))
          .catch(() => null)
      )?.Status;
  };

  it('is dead at once, and takes what was sent when it is alive again', async () => {
    const machine = await fixture.launch('a');

    await changeMachine(fixture, machine.id, { agent: 'dead' });
    expect(await ping()).toBe('ConnectionLost');
    const status = await send(machine, 'true');
    await until(async () => (await status()) === 'Pending', 'pending');
    await changeMachine(fixture, machine.id, { agent: 'alive' });

    expect(await ping()).toBe('Online');
    await until(async () => (await status()) === 'Success', 'success');
  });

  it('does not tell while it is dead how a command ended', async () => {
    const machine = await fixture.launch('a');
    const status = await send(machine, 'until [ -e "$KEELSON_ROOT/go" ]; do sleep 0.02; done');
    await until(async () => (await status()) === 'InProgress', 'in progress');

    await changeMachine(fixture, machine.id, { agent: 'dead' });
    await sh(machine, 'touch "$KEELSON_ROOT/go"');
    await until(() => fixture.world.record.notes.some(({ kind }) => kind === 'script-ended'), 'end of the script');
    expect(await status()).toBe('InProgress');
    await changeMachine(fixture, machine.id, { agent: 'alive' });

    await until(async () => (await status()) === 'Success', 'success');
  });

  it('is revived by a reboot', async () => {
    const machine = await fixture.launch('a');
    await changeMachine(fixture, machine.id, { agent: 'dead' });

    await fixture.host.reboot(machine.instance);

    await until(async () => (await ping()) === 'Online', 'online');
  });

  it('stays dead over a reboot when told to, until it is alive again', async () => {
    const machine = await fixture.launch('a');
    await changeMachine(fixture, machine.id, { agent: 'dead', agentStays: true });
    const registrations = () => fixture.world.spans.count(machine.id, 'agent');

    await fixture.host.reboot(machine.instance);
    await until(() => machine.agent.connected && registrations() === 2, 'registration');

    expect(await ping()).toBe('ConnectionLost');
    await changeMachine(fixture, machine.id, { agent: 'alive' });
    expect(await ping()).toBe('Online');
  });
});

describe('disk and clock', () => {
  it('have df tell the share that someone says, and the truth again', async () => {
    const machine = await fixture.launch('a');
    const df = async () => (await sh(machine, 'df -Pk "$KEELSON_ROOT/var/lib"')).out.trimEnd().split('\n');
    const real = await df();

    await changeMachine(fixture, machine.id, { diskUsedPercent: 93 });
    const [head, row = ''] = await df();
    const [name, blocks, used, free, share, mount] = row.split(/\s+/);
    await changeMachine(fixture, machine.id, { diskUsedPercent: null });

    expect(head).toBe(real[0]);
    expect([name, blocks]).toEqual(real[1]?.split(/\s+/).slice(0, 2));
    expect(mount).toBe(real[1]?.split(/\s+/).at(-1));
    expect(share).toBe('93%');
    expect(Number(used) / Number(blocks)).toBeCloseTo(0.93, 2);
    expect(Number(free)).toBe(Number(blocks) - Number(used));
    expect((await df())[0]).toBe(real[0]);
    expect((await sh(machine, 'command -v df')).out).not.toContain(machine.folder.base);
  });

  it('have date +%s alone differ, over a reboot too', async () => {
    const machine = await fixture.launch('a');
    const ahead = async () => Number((await sh(machine, 'date +%s')).out) - Date.now() / 1000;

    await changeMachine(fixture, machine.id, { clockOffsetSeconds: -3600 });
    await fixture.host.reboot(machine.instance);
    await until(() => machine.agent.online, 'agent');
    const off = await ahead();
    const utc = (await sh(machine, 'date -u +%Y-%m-%d')).out.trim();
    await changeMachine(fixture, machine.id, { clockOffsetSeconds: null });

    expect(Math.abs(off + 3600)).toBeLessThan(60);
    expect(Math.abs(Date.parse(utc) - Date.now())).toBeLessThan(2 * DAY_MS);
    expect(Math.abs(await ahead())).toBeLessThan(60);
  });
});

describe('certificates', () => {
  const check = async (machine: Machine) => {
    const { out } = await sh(machine, 'k3s certificate check --output table');
    const row = out.split('\n').find((line) => line.startsWith('client-kubelet.crt')) ?? '';
    const [date = ''] = /[A-Z][a-z]{2} \d\d, \d{4} \d\d:\d\d UTC/.exec(row) ?? [];
    return { days: Math.round((Date.parse(date) - Date.now()) / DAY_MS), status: row.split(/\s+/).at(-1) };
  };

  it('near their end are not OK, and a start of K3s renews them', async () => {
    const machine = await founder();
    expect(await check(machine)).toEqual({ days: 365, status: 'OK' });

    await changeMachine(fixture, machine.id, { certificateDays: 30 });
    expect(await check(machine)).toEqual({ days: 30, status: 'WARNING' });
    await sh(machine, 'systemctl restart k3s');

    expect(await check(machine)).toEqual({ days: 365, status: 'OK' });
  });

  it('with more than 120 days left are left alone by a start', async () => {
    const machine = await founder();
    await changeMachine(fixture, machine.id, { certificateDays: 121 });

    await sh(machine, 'systemctl restart k3s');

    expect(await check(machine)).toEqual({ days: 121, status: 'OK' });
    await changeMachine(fixture, machine.id, { certificateDays: null });
    expect(await check(machine)).toEqual({ days: 365, status: 'OK' });
  });

  it('of an agent are renewed like those of a server', async () => {
    const server = await founder();
    const agent = await fixture.launch('w');
    install(agent, 'agent');
    config(agent, [`server: https://${server.instance.privateIp}:6443`, 'node-name: w-g1', 'token: secret']);
    await sh(agent, 'systemctl start k3s-agent');
    expect(await check(agent)).toEqual({ days: 365, status: 'OK' });

    await changeMachine(fixture, agent.id, { certificateDays: 30 });
    expect(await check(agent)).toEqual({ days: 30, status: 'WARNING' });
    await sh(agent, 'systemctl restart k3s-agent');

    expect(await check(agent)).toEqual({ days: 365, status: 'OK' });
  });

  it('may have ended', async () => {
    const machine = await founder();

    await changeMachine(fixture, machine.id, { certificateDays: -2 });

    expect(await check(machine)).toEqual({ days: -2, status: 'EXPIRED' });
  });
});

describe("etcd's database", () => {
  const size = (machine: Machine) =>
    statSync(machine.path('/var/lib/rancher/k3s/server/db/etcd/member/snap/db')).size / MIB;

  it('has 20 MiB, grows when told to, and is defragmented at a start', async () => {
    const machine = await founder();
    expect(size(machine)).toBe(20);

    await changeMachine(fixture, machine.id, { databaseMiB: 1900 });
    expect(size(machine)).toBe(1900);
    await sh(machine, 'systemctl restart k3s');

    expect(size(machine)).toBe(20);
  });

  it('takes no more writes with the alarm NOSPACE, until K3s is started again', async () => {
    const machine = await founder();
    const health = () => sh(machine, 'curl -s http://127.0.0.1:2381/health');
    expect((await health()).out).toBe('{"health":"true","reason":""}\n');

    await changeMachine(fixture, machine.id, { alarm: 'NOSPACE' });
    expect((await health()).out).toBe('{"health":"false","reason":"ALARM NOSPACE"}\n');
    expect((await sh(machine, 'k3s kubectl cordon a-g1')).err).toContain('database space exceeded');
    await sh(machine, 'systemctl restart k3s');

    expect((await health()).out).toBe('{"health":"true","reason":""}\n');
    expect((await sh(machine, 'k3s kubectl cordon a-g1')).out).toContain('cordoned');
    await sh(machine, 'systemctl stop k3s');
    expect((await sh(machine, 'curl -s http://127.0.0.1:2381/health; echo "exit $?"')).out).toBe('exit 7\n');
  });

  it('can be large before K3s was ever started', async () => {
    const machine = await fixture.launch('a');

    await changeMachine(fixture, machine.id, { databaseMiB: 300 });
    expect(size(machine)).toBe(300);
    await changeMachine(fixture, machine.id, { databaseMiB: null });

    expect(size(machine)).toBe(20);
  });
});

describe('a Node', () => {
  it('has the pressures that it is told, until told otherwise', async () => {
    const machine = await founder();

    await changeMachine(fixture, machine.id, { pressure: ['DiskPressure', 'PIDPressure'] });
    await sh(machine, 'systemctl restart k3s');
    expect(await conditions(machine)).toEqual(['True', 'False', 'True', 'True']);
    await changeMachine(fixture, machine.id, { pressure: [] });

    expect(await conditions(machine)).toEqual(['True', 'False', 'False', 'False']);
  });

  it('is not Ready although its service runs, until that is started again', async () => {
    const machine = await founder();

    await changeMachine(fixture, machine.id, { notReady: true });
    expect([await unitState(machine), (await conditions(machine))[0]]).toEqual(['active', 'False']);
    await sh(machine, 'systemctl restart k3s');

    expect((await conditions(machine))[0]).toBe('True');
  });
});

describe('/readyz', () => {
  const readyz = (machine: Machine) => sh(machine, `k3s kubectl get --raw '/readyz?verbose'`);

  it('fails with the checks that it is told, and nothing else does', async () => {
    const machine = await founder();

    await changeMachine(fixture, machine.id, { readyz: ['etcd', 'poststarthook/mine'] });
    const failing = await readyz(machine);
    const listed = await sh(machine, 'k3s kubectl get nodes');
    const live = await sh(machine, 'k3s kubectl get --raw /livez');
    await changeMachine(fixture, machine.id, { readyz: [] });

    expect(failing.code).toBe(1);
    expect(failing.err.split('\n').filter((line) => line.startsWith('[-]'))).toEqual([
      '[-]etcd failed: reason withheld',
      '[-]poststarthook/mine failed: reason withheld',
    ]);
    expect([listed.code, live.code]).toEqual([0, 0]);
    expect((await readyz(machine)).code).toBe(0);
  });

  it('is healthy again in an API server that was started after that', async () => {
    const machine = await founder();

    await changeMachine(fixture, machine.id, { readyz: ['etcd'] });
    await sh(machine, 'systemctl restart k3s');

    expect((await readyz(machine)).code).toBe(0);
  });
});

describe('tags', () => {
  it('of Keelson are removed, and set', async () => {
    const machine = await fixture.launch('a', {
      tags: { 'keelson:cluster': 'shop', 'keelson:slot': 'server-0', Name: 'x' },
    });

    await changeMachine(fixture, machine.id, { tags: null });
    const without = { ...fixture.world.instances.get(machine.id)?.tags };
    await changeMachine(fixture, machine.id, { tags: { 'keelson:cluster': 'shop', Name: 'y' } });

    expect(without).toEqual({ Name: 'x' });
    expect(machine.instance.tags).toEqual({ 'keelson:cluster': 'shop', Name: 'y' });
  });
});

describe('a request', () => {
  it('may ask for nothing, and is noted', async () => {
    const machine = await fixture.launch('a');

    expect(await changeMachine(fixture, machine.id, {})).toBe(200);

    expect(fixture.world.record.notes).toContainEqual(
      expect.objectContaining({ kind: 'outside', data: { instanceId: machine.id, action: 'change' } }),
    );
  });

  it.each([
    ['an unknown key', { disk: 1 }],
    ['a wrong value', { pressure: ['NetworkUnavailable'] }],
    ['agentStays for an agent that lives', { agent: 'alive', agentStays: true }],
    ['no object', ['stop']],
  ])('is refused with %s', async (_, wanted) => {
    const machine = await fixture.launch('a');
    expect(await changeMachine(fixture, machine.id, wanted)).toBe(400);
  });

  it('is refused for a machine that is not there, and for the service of one that has none or is down', async () => {
    const machine = await fixture.launch('a');

    const bare = await changeMachine(fixture, machine.id, { service: 'start' });
    install(machine, 'server');
    await machine.shutdown();
    const down = await changeMachine(fixture, machine.id, { service: 'start' });
    await fixture.host.destroy(machine.instance);

    expect([bare, down, await changeMachine(fixture, machine.id, {})]).toEqual([409, 409, 404]);
  });
});
