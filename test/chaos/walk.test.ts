import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';
import { runWalk } from './walk/run.js';

/** Another seed walks elsewhere: KEELSON_CHAOS_SEED=7 npx vitest run --project chaos test/chaos/walk.test.ts */
const seed = Number(process.env['KEELSON_CHAOS_SEED'] ?? '1');
const STEPS = 10;

let fixture: ChaosFixture;
beforeAll(async () => {
  fixture = await openChaosFixture();
});
afterAll(async () => {
  await fixture.close();
});

/** Long walks are for `npm run chaos -- --walk --seed N --steps M`, which searches for the shortest one that fails too. */
describe(`a random walk of messages and faults (seed ${seed})`, () => {
  it(`of ${STEPS} steps ends as was wished last, nothing twice, nothing left`, async () => {
    const told: string[] = [];
    const held = await runWalk(
      fixture,
      { seed, steps: STEPS, mode: 'dev', searchMs: 0 },
      (line) => told.push(line),
      (line) => told.push(line),
    );
    expect(held, told.join('\n')).toBe(true);
  });
});
