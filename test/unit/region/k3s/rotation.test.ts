/** `k3s certificate rotate` on the region's machines: what is new afterwards, and what K3s refuses. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { type Rig, startRig, until } from '../machine/rig.js';
import { config, install, sh } from './shell.js';

const DATA = '/var/lib/rancher/k3s';
const TOKEN = '0123456789abcdef';

let rig: Rig;
let machine: Machine;
beforeEach(async () => {
  rig = await startRig();
  machine = await rig.launch('a');
  install(machine, 'server');
  config(machine, ['cluster-init: true', 'node-name: a-g1', `token: ${TOKEN}`]);
  await start(machine);
});
afterEach(() => rig.close());

async function start(on: Machine): Promise<void> {
  await sh(on, 'systemctl start k3s');
  await until(async () => (await sh(on, 'k3s kubectl get nodes')).code === 0, 'the API');
}
const text = (path: string, on = machine) => readFileSync(on.path(path), 'utf8');

describe('a rotation of certificates', () => {
  it('has new certificates and another kubeconfig after the next start, and keeps the old ones beside', async () => {
    const before = [text(`${DATA}/server/tls/client-admin.crt`), text('/etc/rancher/k3s/k3s.yaml')];
    await sh(machine, 'systemctl stop k3s');

    const rotated = await sh(machine, 'k3s certificate rotate');
    const gone = !existsSync(machine.path(`${DATA}/server/tls/client-admin.crt`));
    await start(machine);

    expect(rotated).toMatchObject({ code: 0 });
    expect(gone).toBe(true);
    expect(text(`${DATA}/server/tls/client-admin.crt`)).not.toBe(before[0]);
    expect(text('/etc/rancher/k3s/k3s.yaml')).not.toBe(before[1]);
    expect(readdirSync(machine.path(`${DATA}/server`)).some((name) => /^tls-\d+$/.test(name))).toBe(true);
  });

  it('leaves certificates as they are at a plain restart', async () => {
    const before = text('/etc/rancher/k3s/k3s.yaml');

    await sh(machine, 'systemctl stop k3s');
    await start(machine);

    expect(text('/etc/rancher/k3s/k3s.yaml')).toBe(before);
  });

  it('is refused while K3s runs, and on a machine that never was a node', async () => {
    const fresh = await rig.launch('b');
    install(fresh, 'server');

    expect(await sh(machine, 'k3s certificate rotate')).toMatchObject({ code: 1 });
    expect(await sh(fresh, 'k3s certificate rotate')).toMatchObject({ code: 1 });
  });
});
