import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';

let fixture: ChaosFixture;
beforeAll(async () => {
  fixture = await openChaosFixture();
});
afterAll(async () => {
  await fixture.close();
});

/** A worker asks the bucket before it polls. Where the kill waited for it to poll, that call waited for the kill: until it was given up after 20 s. */
it('kills a worker in its first call, before it polls', async () => {
  const cell = await fixture.openCell();
  const killed = new Promise<void>((resolve, reject) => {
    cell.watchCalls(async (moment) => {
      if (moment !== 'before') return;
      cell.watchCalls(null);
      await cell.killWorker().then(resolve, reject);
      throw new Error('the request was lost with its sender');
    });
  });

  await cell.killWorker();
  const hasPolled = cell.ready().then(
    () => true,
    () => false,
  );
  await killed;
  await cell.ready();

  expect(await hasPolled).toBe(false);
});
