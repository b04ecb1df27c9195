import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSound } from './support/assess.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';
import type { Kill } from './support/kill.js';
import { operate } from './support/operations.js';

let fixture: ChaosFixture;
beforeAll(async () => {
  fixture = await openChaosFixture();
});
afterAll(async () => {
  await fixture.close();
});

/** As many as begin together in batches, one for each subnet. */
const AGENTS = 6;
const BATCHES = ['workers-0+3', 'workers-1+3', 'workers-2+3'];

describe.concurrent('agents are launched together, and the worker dies', () => {
  it.each<[string, Kill[]]>([
    ['before the call arrives', [{ moment: 'before', at: 'ec2.RunInstances workers-0+3 #1' }]],
    [
      'before its late call arrives, beside that of the next',
      [{ moment: 'late', at: 'ec2.RunInstances workers-1+3 #1' }],
    ],
    ['before it hears the answer', [{ moment: 'after', at: 'ec2.RunInstances workers-2+3 #1' }]],
    ['before the workflow has the answer', [{ moment: 'between', at: 'ec2.RunInstances workers-0+3 #1', delayMs: 5 }]],
    ['while the instances get their tags', [{ moment: 'after', at: 'ec2.CreateTags #1' }]],
  ])('%s: each slot has one instance, under its name', async (_, kills) => {
    // Prepare
    const cell = await fixture.openCell();
    const cluster = fixture.newCluster(cell, 'dev');
    cluster.shape = { ...cluster.shape, agents: AGENTS };

    // Act
    const created = await operate(cluster, 'create dev', kills);
    const { launches } = cell.region.world.record;
    const names = [...cell.region.world.instances.values()].map(({ tags }) =>
      tags['Name']?.replace(/^.*?-(?=w|s)/, ''),
    );
    const deleted = await operate(cluster, 'delete');

    // Assess
    expect(created.reaper.done).toHaveLength(1);
    expect([...new Set(launches.map(({ tags }) => tags['keelson:slot']))].sort()).toEqual(['server-0', ...BATCHES]);
    expect(launches).toHaveLength(1 + AGENTS);
    expect(names.sort()).toEqual([
      'server-0-g1',
      ...Array.from({ length: AGENTS }, (_, index) => `workers-${index}-g1`),
    ]);
    expectSound(created);
    expectSound(deleted);
  });
});
