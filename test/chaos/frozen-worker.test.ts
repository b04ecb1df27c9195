import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Child } from '../../src/local/children.js';
import type { Cell } from './support/cell.js';
import { leftoversOf, newlyTwice } from './support/evidence.js';
import { type Laboratory, openLaboratory } from './support/laboratory.js';

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await openLaboratory();
});
afterAll(async () => {
  await laboratory.close();
});

/** Stops the worker in the middle of the call and starts another; resolves with the frozen one. */
function freezeAt(cell: Cell, id: string): Promise<Child> {
  return new Promise((resolve, reject) => {
    cell.watchCalls((moment, boundary) => {
      if (moment !== 'after' || boundary.id !== id) return;
      cell.watchCalls(null);
      const { worker } = cell;
      worker.kill('SIGSTOP');
      cell.startWorker().then(() => resolve(worker), reject);
    });
  });
}

/** A laptop's lid, a live migration, a starved host: the worker is not dead, and goes on with what it was about to do. */
describe.concurrent('a worker is frozen past its heartbeat time-out and then goes on beside another', () => {
  it('launches nothing a second time', async () => {
    const cell = await laboratory.openCell();
    const cluster = laboratory.newCluster(cell, 'dev');

    const frozen = freezeAt(cell, 'ec2.DescribeInstances server-0 #1');
    await cluster.create();
    const calls = cell.region.world.record.calls.length;
    (await frozen).kill('SIGCONT');
    const late = await callAfter(cell, calls, 'RunInstances');

    expect(late).toBe(true);
    expect(await newlyTwice(cell)).toEqual({ duplicates: [], scriptsTwice: [] });
    await cluster.delete();
    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
    await (await frozen).stop();
  });

  it('brings nothing back to life after delete', async () => {
    const cell = await laboratory.openCell();
    const cluster = laboratory.newCluster(cell, 'dev');

    const frozen = freezeAt(cell, 'ec2.DescribeInstances server-0 #1');
    await cluster.create();
    await cluster.delete();
    const calls = cell.region.world.record.calls.length;
    (await frozen).kill('SIGCONT');
    await callAfter(cell, calls, 'RunInstances');

    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
    await (await frozen).stop();
  });

  it('runs no script a second time', async () => {
    const cell = await laboratory.openCell();
    const cluster = laboratory.newCluster(cell, 'dev');

    const frozen = freezeAt(cell, 'ec2.RunInstances server-0 #1');
    await cluster.create();
    (await frozen).kill('SIGCONT');
    await cluster.apply({ agents: 1 });
    await cluster.delete();

    expect(await newlyTwice(cell)).toEqual({ duplicates: [], scriptsTwice: [] });
    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
    await (await frozen).stop();
  });
});

/** Whether the call came, within the time a thawed worker takes. */
async function callAfter(cell: Cell, seen: number, action: string): Promise<boolean> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    const call = cell.region.world.record.calls.slice(seen).find((one) => one.action === action);
    if (call !== undefined && call.status !== null) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
