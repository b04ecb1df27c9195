import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectSound } from './support/assess.js';
import type { Moment } from './support/kill.js';
import { type Laboratory, openLaboratory } from './support/laboratory.js';
import { operate } from './support/operations.js';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await openLaboratory();
});
afterAll(async () => {
  await laboratory.close();
});

/** `after`: EC2 has launched, and nobody heard it. `late`: the request arrives between another worker's look and its own launch. */
describe.concurrent('the answer of RunInstances is lost with its worker, and another worker tries again', () => {
  it.each<Moment>(['after', 'late'])('%s: there is one instance', async (moment) => {
    const cell = await laboratory.openCell();
    const cluster = laboratory.newCluster(cell, 'dev');

    const created = await operate(cluster, 'create dev', [{ moment, at: 'ec2.RunInstances server-0 #1' }]);
    const launches = cell.region.world.record.launches.filter(({ tags }) => tags['keelson:slot'] === 'server-0');
    const deleted = await operate(cluster, 'delete');

    expect(created.reaper.done).toHaveLength(1);
    expect(launches).toHaveLength(1);
    expectSound(created);
    expectSound(deleted);
  });
});
