/**
 * Backup and restore with a real etcd on real hosts: after the loss of the quorum, after the loss of every server, back to a time, and into a new
 * cluster after a delete. What came back is asked of Kubernetes and etcd on the hosts, not of Keelson.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStackFixture, type StackFixture } from '../e2e/fixture.js';
import { doneIn, measured, RealCluster, succeeded } from './support/cluster.js';
import { surroundings } from './support/requirements.js';
import { FOLDER } from './support/results.js';

const NAME = 'saved';
const SERVERS = ['server-0', 'server-1', 'server-2'];

const { hosts, mirror, versions } = await surroundings();

let fixture: StackFixture;
let cluster: RealCluster;
beforeAll(async () => {
  const env = { ...process.env, KEELSON_K3S_MIRROR: mirror };
  fixture = await openStackFixture({ profile: 'aws', hosts, env, folder: FOLDER, runMs: 20 * 60_000 });
  cluster = new RealCluster(fixture, NAME, hosts.command);
});
afterAll(() => fixture?.close());

const document = () =>
  fixture.document(NAME, {
    mode: 'ha',
    pools: [{ name: 'workers', count: 1, instanceType: 't3.medium' }],
    k3s: { version: versions.first },
    health: { gracePeriod: '30s' },
  });
const hostOf = async (slot: string): Promise<string> => (await cluster.node(slot)).instanceId;
const make = async (on: string, name: string) => cluster.truth.kubectl(on, `create configmap ${name} -n default`);
const made = async (on: string): Promise<string[]> => {
  const names = await cluster.truth.kubectl(on, 'get configmaps -n default -o name');
  return names.split('\n').filter((name) => /before|after/.test(name));
};

async function backedUp(scenario: string): Promise<void> {
  const startedAt = Date.now();
  succeeded(await fixture.keelson('backup', NAME, '--wait'));
  const { backup, operations } = await cluster.status();
  const operation = operations.at(-1);
  const done = operation === undefined ? '' : doneIn(operation);
  measured({ scenario, startedAt, healthyAt: Date.now(), done, seen: `${backup.size} bytes in the bucket` });
  if (first === '') first = backup.id ?? '';
}

/** The first backup. */
let first = '';

/** Terminates the servers, restores, and sees what etcd and Kubernetes hold. */
async function restoredAfterLossOf(slots: string[], scenario: string, before: string[]): Promise<void> {
  const hosts = await Promise.all(slots.map(hostOf));
  await Promise.all(hosts.map((id) => cluster.admin(`instances/${id}/terminate?hard`)));
  await cluster.until((seen) => seen.lastError?.code === 'QuorumLost', 'QuorumLost');
  const startedAt = Date.now();
  succeeded(await fixture.keelson('restore', NAME, '--yes', '--wait'));
  await assess(scenario, startedAt, before);
}

/** Sees on every server what is there, and adds a row. */
async function assess(scenario: string, startedAt: number, before: string[]): Promise<void> {
  const healthyAt = Date.now();
  const nodes = await cluster.isTrue(await hostOf('server-0'));
  for (const slot of SERVERS) expect(await made(await hostOf(slot))).toEqual(before);
  const operation = (await cluster.status()).operations.findLast(({ kind }) => kind === 'restore');
  const done = operation === undefined ? '' : doneIn(operation);
  const seen = `${nodes.length} nodes Ready, 3 voters, no stale Node, what was there before the backup and nothing after it`;
  measured({ scenario, startedAt, healthyAt, done, seen });
}

describe('a cluster with a backup', () => {
  it('is restored on the server that is left', async () => {
    // Prepare
    succeeded(await fixture.keelson('apply', '-f', document(), '--wait'));
    const on = await hostOf('server-0');
    await make(on, 'before');
    await backedUp('backup');
    await make(on, 'after');

    // Act and assess
    await restoredAfterLossOf(['server-0', 'server-2'], 'restore, one server of three left', ['configmap/before']);
  });

  it('is restored when no server is left, and the agent joins it', async () => {
    // Prepare
    const on = await hostOf('server-1');
    await make(on, 'before-again');
    await backedUp('backup, after a restore');
    await make(on, 'after-again');

    // Act and assess
    await restoredAfterLossOf(SERVERS, 'restore, no server left', ['configmap/before', 'configmap/before-again']);
  });

  it('goes back to the first backup while it serves, and keeps its instances', async () => {
    // Prepare
    const before = (await cluster.status()).nodes.map(({ instanceId }) => instanceId);
    const startedAt = Date.now();

    // Act
    succeeded(await fixture.keelson('restore', NAME, '--from', first, '--yes', '--wait'));

    // Assess
    await assess('restore, back to a time, all servers there', startedAt, ['configmap/before']);
    expect((await cluster.status()).nodes.map(({ instanceId }) => instanceId)).toEqual(before);
  });

  it('is deleted, and its backups stay', async () => {
    succeeded(await fixture.keelson('delete', NAME, '--yes', '--wait'));

    const { stdout } = await fixture.keelson('backups', NAME, '-o', 'json');
    expect((JSON.parse(stdout) as { backups: unknown[] }).backups).toHaveLength(2);
    expect(await fixture.region('leftovers')).toMatchObject({ total: 0 });
  });

  it('comes back as a new cluster of another name, and is deleted', async () => {
    // Prepare
    const startedAt = Date.now();

    // Act
    succeeded(await fixture.keelson('restore', NAME, '--into', 'risen', '--wait'));
    cluster = new RealCluster(fixture, 'risen', hosts.command);

    // Assess
    await assess('restore into a new cluster, after the delete', startedAt, [
      'configmap/before',
      'configmap/before-again',
    ]);
    succeeded(await fixture.keelson('delete', 'risen', '--yes', '--wait'));
    expect(await fixture.region('leftovers')).toMatchObject({ total: 0 });
  });
});
