import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { config, install, sh } from '../k3s/shell.js';
import { type RegionFixture, startRegionFixture, until } from './fixture.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

const base64 = (script: string) => Buffer.from(script).toString('base64');
/** Appends a line to a file below the root. */
const trace = (what: string) => `echo ${what} >> "$KEELSON_ROOT/var/trace"`;
const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

describe('booting', () => {
  it('runs user data at the first boot only, in a bare environment', async () => {
    fixture = await startRegionFixture();
    const script = `#!/bin/bash\nmkdir -p "$KEELSON_ROOT/var"\nenv | sed 's/=.*//' | sort > "$KEELSON_ROOT/var/env"\n${trace('ran')}\n`;
    const machine = await fixture.launch('a', { userData: base64(script) });
    await until(() => read(machine.path('/var/trace')) === 'ran\n');
    const first = read(machine.path('/proc/sys/kernel/random/boot_id'));
    await fixture.host.reboot(machine.instance);
    await until(() => machine.agent.online);
    expect(read(machine.path('/var/trace'))).toBe('ran\n');
    expect(
      read(machine.path('/var/env'))
        .split('\n')
        .filter((name) => !/^(_|SHLVL|PWD|OLDPWD|)$/.test(name)),
    ).toEqual(['KEELSON_ROOT', 'PATH']);
    expect(read(machine.path('/proc/sys/kernel/random/boot_id'))).not.toBe(first);
  });

  it('registers the agent while user data runs, and never without an instance profile', async () => {
    fixture = await startRegionFixture();
    const slow = await fixture.launch('a', { userData: '#!/bin/bash\nsleep 60\n' });
    const roleless = await fixture.launch('b', { instanceProfile: null });
    await until(() => fixture.world.lastSpan(roleless.id, 'boot') !== undefined);
    expect(slow.agent.online).toBe(true);
    expect(roleless.agent.online).toBe(false);
    expect(fixture.world.lastSpan(roleless.id, 'agent')).toBeUndefined();
  });

  it('stays down, or without an agent, when a fault says so', async () => {
    fixture = await startRegionFixture();
    fixture.world.faults.add({ point: 'machine.boot', instance: 'i-dead*', effect: 'no-boot' });
    fixture.world.faults.add({ point: 'machine.agent', instance: 'i-mute*', effect: 'no-agent' });
    const dead = fixture.launch('dead', { instanceProfile: null });
    const mute = await fixture.launch('mute', { instanceProfile: null });
    const machine = await dead;
    await until(() => fixture.world.lastSpan(mute.id, 'boot') !== undefined);
    expect(fixture.world.lastSpan(machine.id, 'boot')).toBeUndefined();
    expect(mute.agent.online).toBe(false);
  });
});

describe('going down', () => {
  const longRunning = `#!/bin/bash
mkdir -p "$KEELSON_ROOT/var"
trap '${trace('terminated')}; exit' TERM
set -m
(trap '' TERM; sleep 300) </dev/null >/dev/null 2>&1 &
${trace('started')}
wait
`;

  it('asks processes to end, then ends those that do not, also in groups of their own', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a', { userData: longRunning });
    await until(() => read(machine.path('/var/trace')) === 'started\n');
    expect(machine.processes.found().length).toBeGreaterThan(0);
    await machine.shutdown();
    expect(read(machine.path('/var/trace'))).toContain('terminated');
    expect(machine.processes.found()).toEqual([]);
  });

  it('cuts everything off at a crash, and leaves nothing when the region closes', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a', { userData: longRunning });
    const other = await fixture.launch('b', { userData: longRunning });
    await until(() => read(machine.path('/var/trace')) === 'started\n' && existsSync(other.path('/var/trace')));
    machine.crash();
    await until(() => machine.processes.found().length === 0);
    expect(read(machine.path('/var/trace'))).toBe('started\n');
    await fixture.host.close();
    expect(other.processes.found()).toEqual([]);
  });

  it('keeps the disk over stop and start, and removes it at termination', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    await sh(machine, trace('kept'));
    await machine.shutdown();
    fixture.host.boot({ ...machine.instance, boots: 2 });
    await until(() => machine.agent.online);
    expect(read(machine.path('/var/trace'))).toBe('kept\n');
    await fixture.host.destroy(machine.instance);
    expect(existsSync(machine.folder.base)).toBe(false);
    expect(fixture.host.get(machine.id)).toBeUndefined();
  });
});

describe('units', () => {
  it('start at boot when enabled, and end gracefully at shutdown', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    install(machine, 'server');
    config(machine, ['cluster-init: true']);
    expect(
      (await sh(machine, 'systemctl enable --now k3s; systemctl is-enabled k3s; systemctl is-active k3s')).out,
    ).toBe('enabled\nactive\n');
    await machine.shutdown();
    expect(fixture.world.lastSpan(machine.id, 'serviceStop')).toBeDefined();
    fixture.host.boot({ ...machine.instance, boots: 2 });
    await until(() => machine.systemd.unit('k3s.service')?.state === 'active');
  });

  it('are activating until ready, and return at once with --no-block', async () => {
    fixture = await startRegionFixture({ found: 300 });
    const machine = await fixture.launch('a');
    install(machine, 'server');
    config(machine, ['cluster-init: true']);
    const begun = await sh(
      machine,
      'systemctl start --no-block k3s; systemctl is-active k3s; systemctl show -p SubState --value k3s',
    );
    expect(begun.out).toBe('activating\nstart\n');
    expect((await sh(machine, 'systemctl start k3s && systemctl is-active k3s')).out).toBe('active\n');
  });

  it('are started again and again when their process ends with an error', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    install(machine, 'server');
    config(machine, ['server: https://10.0.1.99:6443', 'token: x']);
    await sh(machine, 'systemctl start --no-block k3s');
    await until(() => (machine.systemd.unit('k3s.service')?.restarts ?? 0) > 2);
    const journal = await sh(machine, 'journalctl -u k3s -n 50 --no-pager');
    expect(journal.out).toContain('connection refused');
    expect((await sh(machine, 'systemctl stop k3s; systemctl is-active k3s')).out).toBe('inactive\n');
  });

  it('are not found without a file, and an edited file counts after daemon-reload', async () => {
    fixture = await startRegionFixture();
    const machine = await fixture.launch('a');
    const missing = await sh(machine, 'systemctl start k3s');
    expect(missing).toMatchObject({ code: 5, err: 'Failed to start k3s.service: Unit k3s.service not found.\n' });
    install(machine, 'server');
    config(machine, ['cluster-init: true']);
    await sh(machine, 'systemctl start k3s');
    await sh(
      machine,
      'sed -i.bak "s/k3s server/k3s server --node-name=fresh/" "$KEELSON_ROOT/etc/systemd/system/k3s.service"',
    );
    await sh(machine, 'systemctl stop k3s; systemctl start --no-block k3s');
    expect(machine.systemd.unit('k3s.service')?.file.exec).not.toContain('--node-name=fresh');
    await sh(machine, 'systemctl stop k3s; systemctl daemon-reload');
    expect(machine.systemd.unit('k3s.service')?.file.exec).toContain('--node-name=fresh');
  });
});
