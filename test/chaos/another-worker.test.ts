import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../../packages/local-stack/src/children.js';
import { expectSound } from './support/assess.js';
import type { ChaosCell } from './support/chaos-cell.js';
import { leftoversOf, newlyTwice } from './support/evidence.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';
import type { Moment } from './support/kill.js';
import { operate } from './support/operations.js';

let fixture: ChaosFixture;
beforeAll(async () => {
  fixture = await openChaosFixture();
});
afterAll(async () => {
  await fixture.close();
});

/** Stops the worker in the middle of the call and starts another; resolves with the frozen one. */
function freezeAt(cell: ChaosCell, call: string): Promise<Child> {
  return new Promise((resolve, reject) => {
    cell.watchCalls((moment, boundary) => {
      if (moment !== 'after' || !boundary.call.startsWith(call)) return;
      cell.watchCalls(null);
      const { worker } = cell;
      worker.kill('SIGSTOP');
      cell.startWorker().then(() => resolve(worker), reject);
    });
  });
}

/** A laptop's lid, a live migration, a starved host: the worker is not dead, and goes on with what it was about to do. */
describe.concurrent('a worker is frozen past its heartbeat time-out and then goes on beside another', () => {
  /** Nothing at AWS would refuse it: a group has no token, and a key can be written at any time. */
  it.each([
    'ec2.DescribeSecurityGroups group-name tag:keelson:cluster tag:keelson:installation tag:keelson:uid vpc-id',
    'ec2.DescribeInstances server-0',
  ])('brings nothing back after delete, frozen in %s', async (call) => {
    const cell = await fixture.openCell();
    const cluster = fixture.newCluster(cell, 'dev');

    const frozen = freezeAt(cell, call);
    await cluster.begin();
    // At once: a call that has waited for its answer for 20 s is given up anyway.
    await frozen;
    await cluster.delete();
    (await frozen).kill('SIGCONT');
    await (await frozen).stop();

    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
  });

  it('launches nothing and runs nothing a second time', async () => {
    const cell = await fixture.openCell();
    const cluster = fixture.newCluster(cell, 'dev');

    const frozen = freezeAt(cell, 'ec2.DescribeInstances server-0');
    const created = cluster.create();
    await callOf(cell, 'SendCommand');
    (await frozen).kill('SIGCONT');
    await created;
    await cluster.apply({ agents: 1 });
    const twice = await newlyTwice(cell);
    await cluster.delete();

    expect(twice).toEqual({ duplicates: [], scriptsTwice: [] });
    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
    await (await frozen).stop();
  });
});

/** `after`: EC2 has launched, and no one heard it. `late`: the request arrives between another worker's look and its own launch. */
describe.concurrent('the answer of RunInstances is lost with its worker, and another worker tries again', () => {
  it.each<Moment>(['after', 'late'])('%s: there is one instance', async (moment) => {
    const cell = await fixture.openCell();
    const cluster = fixture.newCluster(cell, 'dev');

    const created = await operate(cluster, 'create dev', [{ moment, at: 'ec2.RunInstances server-0 #1' }]);
    const launches = cell.region.world.record.launches.filter(({ tags }) => tags['keelson:slot'] === 'server-0');
    const deleted = await operate(cluster, 'delete');

    expect(created.reaper.done).toHaveLength(1);
    expect(launches).toHaveLength(1);
    expectSound(created);
    expectSound(deleted);
  });
});

/** Resolves when the region has carried out such a call. */
async function callOf(cell: ChaosCell, action: string): Promise<void> {
  while (!cell.region.world.record.calls.some((call) => call.action === action && call.status !== null))
    await new Promise((resolve) => setTimeout(resolve, 20));
}
