/**
 * Rotation with a real control plane on real hosts, of what their K3s knows: the agent token, which is configuration alone. It has no `token rotate`,
 * `certificate rotate`, `rotate-ca` and `rotate-keys`; those are tested against the simulator.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bench, openBench } from '../e2e/harness.js';
import { doneIn, measured, RealCluster, succeeded } from './support/cluster.js';
import { surroundings } from './support/requirements.js';
import { FOLDER } from './support/results.js';

const NAME = 'rotated';

const { hosts, mirror, versions } = await surroundings();

let bench: Bench;
let cluster: RealCluster;
beforeAll(async () => {
  const env = { ...process.env, KEELSON_K3S_MIRROR: mirror };
  bench = await openBench({ profile: 'aws', hosts, env, folder: FOLDER, runMs: 20 * 60_000 });
  cluster = new RealCluster(bench, NAME, hosts.command);
});
afterAll(() => bench?.close());

const document = (count: number) =>
  bench.document(NAME, {
    mode: 'ha',
    pools: [{ name: 'workers', count, instanceType: 't3.medium' }],
    k3s: { version: versions.first },
    health: { gracePeriod: '30s' },
  });

describe('a cluster that serves', () => {
  it('gets another agent token: agents stay, and a further one joins with it', async () => {
    // Prepare
    succeeded(await bench.keelson('apply', '-f', document(1), '--wait'));
    const instances = (await cluster.status()).nodes.map(({ instanceId }) => instanceId);
    const startedAt = Date.now();

    // Act
    succeeded(await bench.keelson('rotate', NAME, 'agent-token', '--yes', '--wait'));
    const wellAt = Date.now();
    const operation = (await cluster.status()).operations.findLast(({ kind }) => kind === 'rotate');
    const kept = (await cluster.status()).nodes.map(({ instanceId }) => instanceId);
    succeeded(await bench.keelson('apply', '-f', document(2), '--wait'));

    // Assess
    expect(kept).toEqual(instances);
    const nodes = await cluster.isTrue((await cluster.node('server-0')).instanceId);
    expect(nodes).toHaveLength(5);
    const seen = `${nodes.length} nodes Ready, 3 voters`;
    const done = operation === undefined ? '' : doneIn(operation);
    measured({ scenario: 'rotation of the agent token', startedAt, wellAt, done, seen });
  });

  it('is deleted, and nothing is left', async () => {
    succeeded(await bench.keelson('delete', NAME, '--yes', '--wait'));
    expect(await bench.region('leftovers')).toMatchObject({ total: 0 });
  });
});
