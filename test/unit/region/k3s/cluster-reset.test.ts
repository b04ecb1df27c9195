/** `k3s etcd-snapshot` and `k3s server --cluster-reset` on the region's machines: what comes back, and what K3s refuses. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';
import { config, install, put, sh } from './shell.js';

const DB = '/var/lib/rancher/k3s/server/db';
const TOKEN = '0123456789abcdef';

let fixture: RegionFixture;
let machine: Machine;
beforeEach(async () => {
  fixture = await startRegionFixture();
  machine = await fixture.launch('a');
  install(machine, 'server');
  config(machine, ['cluster-init: true', 'node-name: a-g1', `token: ${TOKEN}`]);
  await start();
});
afterEach(() => fixture.close());

async function start(): Promise<void> {
  await sh(machine, 'systemctl start k3s');
  await until(async () => (await kubectl('get nodes')).code === 0, 'the API');
}
const kubectl = (line: string) => sh(machine, `k3s kubectl ${line}`);
const names = async () => (await kubectl('get configmaps -n default -o name')).out.trim().split('\n');
const reset = (more = '', file = snapshot()) =>
  sh(machine, `k3s server --cluster-reset --cluster-reset-restore-path=${file} ${more}`);
const snapshots = (): string[] => readdirSync(machine.path(`${DB}/snapshots`)).sort();
const snapshot = (): string => `${DB}/snapshots/${snapshots()[0]}`;

/** A ConfigMap, a snapshot, another ConfigMap; then K3s is stopped. */
async function saved(): Promise<void> {
  await kubectl('create configmap before -n default --from-literal=a=b');
  expect(await sh(machine, 'k3s etcd-snapshot save --name x')).toMatchObject({ code: 0 });
  await kubectl('create configmap after -n default');
  await sh(machine, 'systemctl stop k3s');
}

describe('a cluster-reset from a snapshot', () => {
  it('brings back what the snapshot holds, with one member, and keeps the old data', async () => {
    await saved();

    expect(await reset()).toMatchObject({ code: 0, err: expect.stringContaining('membership has been reset') });
    await start();

    expect(await names()).toEqual(['configmap/before']);
    expect(readdirSync(machine.path(DB)).filter((name) => name.startsWith('etcd-old-'))).toHaveLength(1);
    expect(existsSync(machine.path(`${DB}/reset-flag`)), 'a usual start takes it away').toBe(false);
  });

  it('changes nothing of the cluster when its data folder is another one', async () => {
    await saved();

    expect(await reset('--data-dir /tmp/scratch')).toMatchObject({ code: 0 });
    await start();

    expect(await names()).toEqual(['configmap/after', 'configmap/before']);
  });

  it('takes the path for a name in the bucket where the configuration says etcd-s3, unless it is turned off', async () => {
    await saved();
    config(machine, ['cluster-init: true', 'node-name: a-g1', `token: ${TOKEN}`, 'etcd-s3: true', 'etcd-s3-bucket: b']);

    expect(await reset()).toMatchObject({ code: 1, err: expect.stringContaining('from S3') });
    expect(await reset('--etcd-s3=false')).toMatchObject({ code: 0 });
  });

  it('refuses while K3s runs', async () => {
    await saved();
    await start();

    expect(await reset()).toMatchObject({ code: 1, err: expect.stringContaining('address already in use') });
  });

  it('refuses a second time before K3s was started', async () => {
    await saved();
    await reset();

    expect(await reset()).toMatchObject({ code: 1, err: expect.stringContaining('previously reset') });
  });

  it('refuses another token, a file that was cut or is not there, and a server to join', async () => {
    await saved();
    const text = readFileSync(machine.path(snapshot()), 'utf8');
    const other = `${DB}/snapshots/z-other`;
    put(machine, other, text.slice(0, -10));

    const cut = await reset('', other);
    const absent = await reset('', `${DB}/snapshots/absent`);
    config(machine, ['cluster-init: true', 'node-name: a-g1', 'token: another']);
    const token = await reset();
    config(machine, ['server: https://10.0.1.99:6443', 'node-name: a-g1', `token: ${TOKEN}`]);
    const joining = await reset();

    expect(cut.err).toContain('snapshot missing hash');
    expect(absent.err).toContain('snapshot path does not exist');
    expect(token.err).toContain('encrypted with different token');
    expect(joining.err).toContain('cannot perform cluster-reset while server URL is set');
    expect([cut, absent, token, joining].map(({ code }) => code)).toEqual([1, 1, 1, 1]);
  });

  it('refuses a snapshot of a newer minor version', async () => {
    await saved();
    install(machine, 'server', 'v1.33.6+k3s1');

    expect(await reset()).toMatchObject({ code: 1, err: expect.stringContaining('cannot be downgraded') });
  });
});

describe('snapshots on the disk', () => {
  it('stay until they are pruned, by name', async () => {
    for (const name of ['x', 'y']) await sh(machine, `k3s etcd-snapshot save --name ${name}`);
    put(machine, `${DB}/snapshots/x-a-g1-1000000000`, 'old');

    await sh(machine, 'k3s etcd-snapshot prune --name x --snapshot-retention 1');

    expect(snapshots().map((name) => name.slice(0, 2))).toEqual(['x-', 'y-']);
    expect(snapshots()).not.toContain('x-a-g1-1000000000');
  });
});
