import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftoversOf, newlyTwice } from './support/evidence.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';

let fixture: ChaosFixture;
beforeAll(async () => {
  fixture = await openChaosFixture();
});
afterAll(async () => {
  await fixture.close();
});

describe('a roll-out of the operator', () => {
  it('a worker told to end in the middle of an install and join leaves it to the next one', async () => {
    const cell = await fixture.openCell();
    const cluster = fixture.newCluster(cell, 'ha');
    const codes: Promise<number | null>[] = [];
    cell.watchCalls(async (moment, boundary) => {
      if (moment !== 'after' || boundary.id !== 'ssm.SendCommand join-server-1 #1' || codes.length > 0) return;
      const { worker } = cell;
      codes.push(worker.ended);
      worker.kill('SIGTERM');
      await cell.startWorker();
    });

    await cluster.create();
    const ended = await Promise.all(codes);
    cell.watchCalls(null);
    const twice = await newlyTwice(cell);
    await cluster.delete();

    expect(ended).toEqual([0]);
    expect(twice).toEqual({ duplicates: [], scriptsTwice: [] });
    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
  });

  it('a Temporal server that is killed goes on from its database', async () => {
    const cell = await fixture.openCell();
    const cluster = fixture.newCluster(cell, 'ha');
    const restarts: Promise<void>[] = [];
    cell.watchCalls((_, boundary) => {
      if (boundary.call.startsWith('ssm.SendCommand join') && restarts.length === 0)
        restarts.push(fixture.killTemporal());
    });

    await cluster.create();
    await Promise.all(restarts);
    cell.watchCalls(null);
    const twice = await newlyTwice(cell);
    await cluster.delete();

    expect(restarts).toHaveLength(1);
    expect(twice).toEqual({ duplicates: [], scriptsTwice: [] });
    expect(await leftoversOf(cell, cluster.name)).toEqual([]);
  });
});
