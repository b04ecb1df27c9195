import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { type ChaosCell, SECOND_CALLER } from './support/chaos-cell.js';
import { ChaosCluster } from './support/cluster.js';
import { newlyTwice } from './support/evidence.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';
import { type Kill, type Moment, Reaper } from './support/kill.js';
import { seeded } from './support/matrix.js';

/** Another seed draws other moments: KEELSON_CHAOS_SEED=7 npx vitest run --project chaos test/chaos/two-installations.test.ts */
const seed = Number(process.env['KEELSON_CHAOS_SEED'] ?? '1');
const MOMENTS: readonly Moment[] = ['before', 'late', 'after', 'between'];
const NAME = 'shop';
const SECOND = 'second';

let fixture: ChaosFixture;
let first: ChaosCell;
let second: ChaosCell;
let theirs: Client;
beforeAll(async () => {
  fixture = await openChaosFixture();
  first = await fixture.openCell();
  theirs = await fixture.newNamespace(SECOND);
  second = await first.beside(SECOND, SECOND);
});
afterAll(async () => {
  await fixture.close();
});

const random = seeded(seed);
const draw = (calls: number): Kill => ({
  moment: MOMENTS[Math.floor(random() * MOMENTS.length)] ?? 'after',
  at: 1 + Math.floor(random() * calls),
  delayMs: Math.floor(random() * 80),
});

/** Carries out a part of a cluster's life while workers of its installation are killed. */
async function disturbed(cluster: ChaosCluster, calls: number, kills: number, act: () => Promise<void>): Promise<void> {
  const { cell } = cluster;
  const reaper = new Reaper(
    cell,
    Array.from({ length: kills }, () => draw(calls)),
  );
  cell.watchCalls(reaper.watch);
  await act();
  cell.watchCalls(null);
  await cell.ready();
}

const installationOf = (id: string): string | undefined =>
  first.region.world.record.launches.find((launch) => launch.id === id)?.tags['keelson:installation'];

/** What an installation has in AWS, as it is now. */
async function belongings(cell: ChaosCell): Promise<unknown> {
  const { region, env } = cell;
  const all = await cell.ask<{ id: string; state: string; type: string; tags: Record<string, string> }[]>('instances');
  const instances = all.filter(
    ({ tags, state }) => tags['keelson:installation'] === env['KEELSON_INSTALLATION'] && state !== 'terminated',
  );
  const account = region.ec2.accounts.get('eu-west-1');
  const tagged = <T extends { id: string; tags: Record<string, string> }>(list: Iterable<T>) =>
    [...list].filter(({ tags }) => tags['keelson:installation'] === env['KEELSON_INSTALLATION']).map(({ id }) => id);
  const objects = region.s3.buckets.get(env['KEELSON_BUCKET'] ?? '')?.objects.keys() ?? [];
  return {
    instances: instances.map(({ id, state, type }) => ({ id, state, type })),
    volumes: tagged(account?.volumes.values() ?? []).sort(),
    groups: tagged(account?.groups.values() ?? []).sort(),
    objects: [...objects].sort(),
  };
}

/** Calls of an installation's workers, and nodes in their name, that reach something of the other one. */
function trespasses(calls: readonly CallEntry[]): string[] {
  const buckets: Record<string, string | undefined> = {
    worker: first.env['KEELSON_BUCKET'],
    [SECOND_CALLER]: second.env['KEELSON_BUCKET'],
  };
  const ids: Record<string, string | undefined> = {
    worker: first.env['KEELSON_INSTALLATION'],
    [SECOND_CALLER]: SECOND,
  };
  return calls.flatMap(({ caller, service, action, params, instanceIds }) => {
    const own = ids[caller ?? ''];
    if (caller === null || own === undefined) return [];
    const told = `${caller} ${action} ${JSON.stringify(params)}`;
    if (service === 's3') return params['bucket'] === buckets[caller] ? [] : [told];
    return instanceIds.some((id) => (installationOf(id) ?? own) !== own) ? [told] : [];
  });
}

describe(`two installations in one region, with one name for their clusters (seed ${seed})`, () => {
  it('touch nothing of each other, whenever their workers die', async () => {
    // Prepare
    const ours = new ChaosCluster(fixture.client, first, NAME, 'ha', 'wait');
    const others = new ChaosCluster(theirs, second, NAME, 'dev', 'wait');

    // Act
    await Promise.all([disturbed(ours, 45, 2, () => ours.create()), disturbed(others, 24, 2, () => others.create())]);
    await Promise.all([
      disturbed(ours, 20, 1, () => ours.repair('server-1', 'terminate', 'told')),
      disturbed(others, 20, 1, () => others.resize('t3.large')),
    ]);
    const before = await belongings(second);
    await disturbed(ours, 10, 1, () => ours.delete());
    const after = await belongings(second);
    const gone = await belongings(first);
    const { nodes, phase } = await others.status();
    await disturbed(others, 10, 1, () => others.delete());

    // Assess
    const { calls } = first.region.world.record;
    for (const who of ['worker', SECOND_CALLER])
      expect(calls.some(({ caller, action }) => caller === who && action === 'TerminateInstances')).toBe(true);
    expect(trespasses(calls)).toEqual([]);
    expect(await newlyTwice(first)).toEqual({ duplicates: [], scriptsTwice: [] });
    expect(gone).toMatchObject({ instances: [], volumes: [], groups: [] });
    expect(after).toEqual(before);
    expect([phase, ...nodes.map(({ ready }) => ready)]).toEqual(['Running', 'True']);
    expect(await first.ask('leftovers')).toMatchObject({ total: 0 });
  });
});
