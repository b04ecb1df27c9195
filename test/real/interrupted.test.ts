/** A worker that is killed with SIGKILL in the middle of a creation, three times, on real hosts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaunchEntry } from '../../packages/aws-simulator/src/record.js';
import { openStackFixture, type StackFixture } from '../e2e/fixture.js';
import { doneIn, measured, RealCluster, succeeded } from './support/cluster.js';
import { surroundings } from './support/requirements.js';
import { FOLDER } from './support/results.js';

const NAME = 'cut';

const { hosts, mirror, versions } = await surroundings();

let fixture: StackFixture;
let cluster: RealCluster;
beforeAll(async () => {
  const env = { ...process.env, KEELSON_K3S_MIRROR: mirror };
  fixture = await openStackFixture({ profile: 'aws', hosts, env, folder: FOLDER, runMs: 20 * 60_000 });
  cluster = new RealCluster(fixture, NAME, hosts.command);
});
afterAll(() => fixture?.close());

const begun = (kind: string) =>
  cluster.until((seen) => seen.operation?.steps.some((step) => step.kind === kind) ?? false, `step ${kind}`);

describe('a creation whose worker is killed three times', () => {
  it('ends with one instance a slot, one founder, and nothing done twice', async () => {
    // Prepare
    const file = fixture.document(NAME, {
      mode: 'ha',
      servers: { instanceType: 't3.medium' },
      k3s: { version: versions.first },
    });

    // Act
    const startedAt = Date.now();
    succeeded(await fixture.keelson('apply', '-f', file));
    for (const kind of ['launch', 'bootstrap', 'join']) {
      await begun(kind);
      fixture.stack.worker().kill('SIGKILL');
      await fixture.stack.worker().ended;
      await fixture.stack.startWorker();
    }
    await cluster.healthy(1);
    const healthyAt = Date.now();

    // Assess
    const { instanceId } = await cluster.node('server-0');
    const nodes = await cluster.isTrue(instanceId);
    expect(nodes.map(({ name }) => name)).toEqual([0, 1, 2].map((index) => `${NAME}-server-${index}-g1`));
    const { launches } = await fixture.region<{ launches: LaunchEntry[] }>('record?calls=false');
    expect(launches).toHaveLength(3);
    expect(await fixture.region('duplicates')).toEqual([]);
    const [operation] = (await cluster.status()).operations;
    const done = operation ? doneIn(operation) : '';
    const scenario = 'create, worker killed (-9) at launch, found and join';
    measured({ scenario, startedAt, healthyAt, done, seen: '3 nodes Ready, 3 voters, 3 launches' });
  });

  it('can be deleted with nothing left', async () => {
    succeeded(await fixture.keelson('delete', NAME, '--yes', '--wait'));
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
  });
});
