/**
 * Backup and restore with a real etcd on real hosts: after the loss of the quorum, and after the loss of every server. What came back is asked of
 * Kubernetes and etcd on the hosts, not of Keelson.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, openBench } from '../e2e/harness.js';
import { doneIn, measured, RealCluster, succeeded } from './support/cluster.js';
import { surroundings } from './support/requirements.js';
import { FOLDER } from './support/results.js';

const NAME = 'saved';
const SERVERS = ['server-0', 'server-1', 'server-2'];

const { hosts, mirror, versions } = await surroundings();

let bench: Bench;
let cluster: RealCluster;
beforeAll(async () => {
  const env = { ...process.env, KEELSON_K3S_MIRROR: mirror };
  bench = await openBench({ profile: 'aws', hosts, env, folder: FOLDER, runMs: 20 * 60_000 });
  cluster = new RealCluster(bench, NAME, hosts.command);
});
afterAll(() => bench?.close());

const document = () =>
  bench.document(NAME, {
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
  succeeded(await bench.keelson('backup', NAME, '--wait'));
  const { backup, operations } = await cluster.status();
  const operation = operations.at(-1);
  const done = operation === undefined ? '' : doneIn(operation);
  measured({ scenario, startedAt, wellAt: Date.now(), done, seen: `${backup.size} bytes in the bucket` });
}

/** Terminates the servers, restores, and sees what etcd and Kubernetes hold. */
async function restoredAfterLossOf(slots: string[], scenario: string, before: string[]): Promise<void> {
  const hosts = await Promise.all(slots.map(hostOf));
  await Promise.all(hosts.map((id) => cluster.desk(`instances/${id}/terminate?hard`)));
  await cluster.until((seen) => seen.lastError?.code === 'QuorumLost', 'QuorumLost');
  const startedAt = Date.now();
  succeeded(await bench.keelson('restore', NAME, '--yes', '--wait'));
  const wellAt = Date.now();
  const nodes = await cluster.isTrue(await hostOf('server-0'));
  for (const slot of SERVERS) expect(await made(await hostOf(slot))).toEqual(before);
  const operation = (await cluster.status()).operations.findLast(({ kind }) => kind === 'restore');
  const done = operation === undefined ? '' : doneIn(operation);
  const seen = `${nodes.length} nodes Ready, 3 voters, no stale Node, what was there before the backup and nothing after it`;
  measured({ scenario, startedAt, wellAt, done, seen });
}

describe('a cluster with a backup', () => {
  it('is restored on the server that is left', async () => {
    // Prepare
    succeeded(await bench.keelson('apply', '-f', document(), '--wait'));
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

  it('is deleted, and its backups stay', async () => {
    succeeded(await bench.keelson('delete', NAME, '--yes', '--wait'));

    const { stdout } = await bench.keelson('backups', NAME, '-o', 'json');
    expect((JSON.parse(stdout) as { backups: unknown[] }).backups).toHaveLength(2);
    expect(await bench.region('leftovers')).toMatchObject({ total: 0 });
  });
});
