/**
 * Rotation of every secret with a real control plane on real hosts. What its K3s knows is replaced while the API answers; what it does not know, such
 * as a build without `k3s token rotate`, is refused and leaves everything as it was. In the end the backup from before all of it is restored.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROTATIONS, type Rotation } from '#src/model/rotation/state.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import { openStackFixture, type StackFixture } from '../e2e/fixture.js';
import { type ApiAnswers, watchApi } from '../e2e/support/api-watch.js';
import { doneIn, measured, RealCluster, succeeded } from './support/cluster.js';
import { surroundings } from './support/requirements.js';
import { FOLDER } from './support/results.js';

const NAME = 'rotated';
/** Etcd elects within seconds; a client of one server may wait that long, one of another server less. */
const ALLOWED_GAP_MS = 20_000;

/** K3s's own commands; an agent token is configuration alone. */
const COMMANDS: Record<Rotation, string | null> = {
  token: 'token rotate',
  'agent-token': null,
  certificates: 'certificate rotate',
  ca: 'certificate rotate-ca',
  'encryption-key': 'secrets-encrypt rotate-keys',
};

const { hosts, mirror, versions } = await surroundings();

let fixture: StackFixture;
let cluster: RealCluster;
beforeAll(async () => {
  const env = { ...process.env, KEELSON_K3S_MIRROR: mirror };
  fixture = await openStackFixture({ profile: 'aws', hosts, env, folder: FOLDER, runMs: 20 * 60_000 });
  cluster = new RealCluster(fixture, NAME, hosts.command);
  succeeded(await fixture.keelson('apply', '-f', document(1), '--wait'));
});
afterAll(() => fixture?.close());

const document = (count: number) =>
  fixture.document(NAME, {
    mode: 'ha',
    pools: [{ name: 'workers', count, instanceType: 't3.medium' }],
    k3s: { version: versions.first },
    health: { gracePeriod: '30s' },
  });

const hostOf = async (slot: string): Promise<string> => (await cluster.node(slot)).instanceId;
const instancesOf = async () => (await cluster.status()).nodes.map(({ instanceId }) => instanceId);
const make = async (name: string) =>
  cluster.truth.kubectl(await hostOf('server-0'), `create configmap ${name} -n default`);

async function knows(command: string | null): Promise<boolean> {
  if (command === null) return true;
  const script = `k3s ${command} --help >/dev/null 2>&1 && echo knows || echo refuses\n`;
  return (await cluster.truth.on(await hostOf('server-0'), script)).trim() === 'knows';
}

async function addresses(): Promise<string[]> {
  const instances = await fixture.region<Instance[]>('instances');
  return instances.flatMap(({ tags, state, privateIp }) =>
    tags['keelson:slot']?.startsWith('server-') && state === 'running' ? [privateIp] : [],
  );
}

/** Does it while a client asks the API with the kubeconfig of before. */
async function watched(act: () => Promise<void>): Promise<ApiAnswers> {
  const watch = watchApi((await fixture.keelson('kubeconfig', NAME)).stdout, addresses);
  await expect.poll(() => watch.seen().answers, { timeout: 30_000 }).toBeGreaterThan(0);
  await act();
  return watch.stop();
}

/** Asks for a rotation that K3s does not know. A refusal of the server that makes what is new ends it; certificates each node makes, until that is cancelled. */
async function refuse(what: Rotation): Promise<void> {
  if (what !== 'certificates') {
    const refused = await fixture.keelson('rotate', NAME, what, '--yes', '--wait');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/Rotation(Failed|Unsupported)/) });
    return;
  }
  succeeded(await fixture.keelson('rotate', NAME, what, '--yes'));
  await cluster.until(({ lastError }) => lastError?.code === 'RotationFailed', 'RotationFailed');
  succeeded(await fixture.keelson('rotate', NAME, what, '--cancel', '--wait'));
}

describe('a cluster that serves', () => {
  let backup = '';

  it.each(ROTATIONS)('goes on while its %s is rotated, or K3s refuses that', async (what) => {
    // Prepare
    const before = await instancesOf();
    const isKnown = await knows(COMMANDS[what]);
    if (backup === '') {
      await make('before');
      succeeded(await fixture.keelson('backup', NAME, '--wait'));
      backup = (await cluster.status()).backup.id ?? '';
      await make('after');
    }
    const startedAt = Date.now();

    // Act
    const answers = await watched(async () => {
      if (isKnown) succeeded(await fixture.keelson('rotate', NAME, what, '--yes', '--wait'));
      else await refuse(what);
    });
    const healthyAt = Date.now();
    const { operations } = await cluster.healthy();

    // Assess
    expect(await instancesOf()).toEqual(before);
    const nodes = await cluster.isTrue(await hostOf('server-0'));
    expect(answers.longestGapMs).toBeLessThanOrEqual(ALLOWED_GAP_MS);
    const operation = operations.findLast(({ kind }) => kind === 'rotate');
    expect(operation?.outcome === 'done').toBe(isKnown);
    const gap = `API answered ${answers.answers} times, longest gap ${(answers.longestGapMs / 1000).toFixed(1)} s`;
    const scenario = `rotation: ${what}${isKnown ? '' : ', which this K3s does not know'}`;
    const done = operation === undefined ? '' : doneIn(operation);
    measured({
      scenario,
      startedAt,
      healthyAt,
      done,
      seen: `${gap}; same instances, ${nodes.length} nodes Ready, 3 voters`,
    });
  });

  it('lets a further agent join with what is new', async () => {
    succeeded(await fixture.keelson('apply', '-f', document(2), '--wait'));

    expect(await cluster.isTrue(await hostOf('server-0'))).toHaveLength(5);
  });

  it('is restored from the backup of before all rotations, and its agents join it', async () => {
    // Prepare
    const before = await instancesOf();
    const startedAt = Date.now();

    // Act
    succeeded(await fixture.keelson('restore', NAME, '--from', backup, '--yes', '--wait'));
    const healthyAt = Date.now();

    // Assess
    expect(await instancesOf()).toEqual(before);
    const on = await hostOf('server-1');
    const nodes = await cluster.isTrue(on);
    const maps = await cluster.truth.kubectl(on, 'get configmaps -n default -o name');
    expect(maps.split('\n').filter((name) => /before|after/.test(name))).toEqual(['configmap/before']);
    const operation = (await cluster.status()).operations.findLast(({ kind }) => kind === 'restore');
    const done = operation === undefined ? '' : doneIn(operation);
    const seen = `${nodes.length} nodes Ready, 3 voters, what was there before the backup and nothing after it`;
    measured({ scenario: 'restore of a backup from before all rotations', startedAt, healthyAt, done, seen });
  });

  it('is deleted, and nothing is left', async () => {
    succeeded(await fixture.keelson('delete', NAME, '--yes', '--wait'));
    expect(await fixture.region('leftovers')).toMatchObject({ total: 0 });
  });
});
