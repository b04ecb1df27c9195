/** `k3s certificate rotate` on the region's machines: what is new afterwards, and what K3s refuses. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';
import { config, install, sh } from './shell.js';

const DATA = '/var/lib/rancher/k3s';
const TOKEN = '0123456789abcdef';

let fixture: RegionFixture;
let machine: Machine;
beforeEach(async () => {
  fixture = await startRegionFixture();
  machine = await fixture.launch('a');
  install(machine, 'server');
  config(machine, ['cluster-init: true', 'node-name: a-g1', `token: ${TOKEN}`]);
  await start(machine);
});
afterEach(() => fixture.close());

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
    const fresh = await fixture.launch('b');
    install(fresh, 'server');

    expect(await sh(machine, 'k3s certificate rotate')).toMatchObject({ code: 1 });
    expect(await sh(fresh, 'k3s certificate rotate')).toMatchObject({ code: 1 });
  });
});

describe('a rotation of the server token', () => {
  const rotate = (args = '', on = machine) => sh(on, `k3s token rotate ${args}`);
  /** Restarts K3s, which does not come up: its unit goes on trying, so nothing waits for it. */
  const refused = async (on: Machine, says: string) => {
    await sh(on, 'systemctl restart --no-block k3s');
    await until(async () => (await sh(on, 'journalctl -u k3s -n 3')).out.includes(says), says);
    await sh(on, 'systemctl stop k3s');
  };
  const PLAIN = ['node-name: a-g1', 'cluster-init: true'];

  it('takes effect at once on the server that is asked, and is needed for its next start', async () => {
    const rotated = await rotate('--new-token fresh');
    const kept = text(`${DATA}/server/token`);
    await refused(machine, 'encrypted with different token');
    config(machine, [...PLAIN, 'token: fresh']);
    await start(machine);

    expect(rotated).toMatchObject({ code: 0, out: expect.stringContaining('Token rotated') });
    expect(kept).toMatch(/^K10[0-9a-f]{64}::server:fresh\n$/);
  });

  it('makes a token itself where none is given, another one each time', async () => {
    const tokens = [];
    for (let count = 0; count < 2; count += 1) {
      expect(await rotate()).toMatchObject({ code: 0 });
      tokens.push(text(`${DATA}/server/token`));
    }
    expect(new Set([...tokens, `${TOKEN}`]).size).toBe(3);
  });

  it('is refused with another token, without a server, and where another server has rotated it', async () => {
    const second = await fixture.launch('b');
    install(second, 'server');
    const secure = text(`${DATA}/server/token`).trim();
    config(second, [`server: https://${machine.instance.privateIp}:6443`, 'node-name: b-g1', `token: "${secure}"`]);
    await start(second);

    const wrong = await rotate('--token another --new-token fresh');
    const first = await rotate('--new-token fresh');
    const again = await rotate('--new-token fresher', second);
    const journal = (await sh(second, 'journalctl -u k3s')).out;
    await sh(machine, 'systemctl stop k3s');
    const down = await rotate();

    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('401 Unauthorized') });
    expect(first).toMatchObject({ code: 0 });
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('500 Internal Server Error') });
    expect(again.err, 'the reason is for the journal').not.toContain('different token');
    expect(journal).toContain('encrypted with different token');
    expect(down).toMatchObject({ code: 1, err: expect.stringContaining('connection refused') });
  });

  it('keeps a server out that joins at one which has not heard of it, with either token', async () => {
    const [second, third] = [await fixture.launch('b'), await fixture.launch('c')];
    const secure = text(`${DATA}/server/token`).trim();
    for (const one of [second, third]) install(one, 'server');
    config(second, [`server: https://${machine.instance.privateIp}:6443`, 'node-name: b-g1', `token: "${secure}"`]);
    await start(second);
    await rotate('--new-token fresh');

    const joining = async (token: string, says: string) => {
      config(third, [`server: https://${second.instance.privateIp}:6443`, 'node-name: c-g1', `token: ${token}`]);
      await refused(third, says);
    };

    await joining(TOKEN, 'encrypted with different token');
    await joining('fresh', '401 Unauthorized');
  });

  it('leaves a snapshot to the token of its time', async () => {
    await sh(machine, 'k3s etcd-snapshot save --name x');
    await rotate('--new-token fresh');
    await sh(machine, 'systemctl stop k3s');
    const [file] = readdirSync(machine.path(`${DATA}/server/db/snapshots`));
    const reset = () =>
      sh(machine, `k3s server --cluster-reset --cluster-reset-restore-path=${DATA}/server/db/snapshots/${file}`);

    config(machine, [...PLAIN, 'token: fresh']);
    const wrong = await reset();
    config(machine, [...PLAIN, `token: ${TOKEN}`]);
    const right = await reset();
    await start(machine);

    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('different token') });
    expect(right).toMatchObject({ code: 0 });
    expect(text(`${DATA}/server/token`).trim().endsWith(`:${TOKEN}`)).toBe(true);
  });
});

describe('a rotation of the encryption key', () => {
  const status = async (on = machine) => (await sh(on, 'k3s secrets-encrypt status')).out;

  it('is refused where secrets are not encrypted', async () => {
    expect(await status()).toContain('Encryption Status: Disabled');
    expect(await sh(machine, 'k3s secrets-encrypt rotate-keys')).toMatchObject({ code: 1 });
  });

  it('has another key on the server that is asked, and is refused until the others have started again', async () => {
    const [first, second] = [await fixture.launch('c'), await fixture.launch('d')];
    for (const one of [first, second]) install(one, 'server');
    const shared = ['secrets-encryption: true', `token: ${TOKEN}`];
    config(first, ['cluster-init: true', 'node-name: c-g1', ...shared]);
    await start(first);
    config(second, [`server: https://${first.instance.privateIp}:6443`, 'node-name: d-g1', ...shared]);
    await start(second);
    const before = await status(first);

    const rotated = await sh(first, 'k3s secrets-encrypt rotate-keys');
    const between = await Promise.all([first, second].map((one) => status(one)));
    const again = await sh(first, 'k3s secrets-encrypt rotate-keys');
    await sh(second, 'systemctl stop k3s');
    await start(second);
    const after = await Promise.all([first, second].map((one) => status(one)));

    expect(rotated).toMatchObject({ code: 0 });
    expect(between[0]).toContain('Stage: reencrypt_finished');
    for (const text of between) expect(text).toContain('hash does not match between');
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('hash does not match') });
    expect(after[0]).toBe(after[1]);
    expect(after[0]).toContain('All hashes match');
    expect(after[0]).not.toBe(before);
  });
});

describe('a rotation of the CA', () => {
  const STAGED = `${DATA}/server/rotate-ca`;
  const files = (from: string) => `cp -r "$KEELSON_ROOT${DATA}/server/${from}"/. "$KEELSON_ROOT${STAGED}/tls"`;

  it.each([
    ['of which files are missing', 'true', 'no such file or directory'],
    ['without a chain to the old one', files('tls'), 'contains only a single certificate'],
  ])('is refused with a CA %s', async (_, prepare, why) => {
    await sh(machine, `mkdir -p "$KEELSON_ROOT${STAGED}/tls/etcd" && ${prepare}`);

    const refused = await sh(machine, `k3s certificate rotate-ca --path=${STAGED}`);

    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('500 Internal Server Error') });
    expect((await sh(machine, 'journalctl -u k3s')).out).toContain(why);
  });
});
