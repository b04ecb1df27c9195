import { afterAll, beforeAll, describe, it } from 'vitest';
import { expectSound } from './support/assess.js';
import { type ChaosFixture, openChaosFixture } from './support/fixture.js';
import type { Kill, Moment } from './support/kill.js';
import { seeded } from './support/matrix.js';
import type { OperationName } from './support/names.js';
import { operate } from './support/operations.js';

/** Another seed draws other boundaries: KEELSON_CHAOS_SEED=7 npx vitest run --project chaos */
const seed = Number(process.env['KEELSON_CHAOS_SEED'] ?? '1');
const MOMENTS: readonly Moment[] = ['before', 'late', 'after', 'between'];
/** Calls that each operation makes at least: a kill at one of them happens. */
const CALLS: Record<OperationName, number> = {
  'create dev': 24,
  'create ha': 45,
  stop: 20,
  start: 18,
  resize: 20,
  'add agents': 20,
  'remove agents': 20,
  'apply config': 14,
  repair: 20,
  'repair unasked': 20,
  'repair sick': 24,
  backup: 6,
  restore: 24,
  'restore back': 24,
  'restore lost': 40,
  'restore unasked': 40,
  'restore into': 40,
  drill: 16,
  rotate: 14,
  delete: 10,
};

let fixture: ChaosFixture;
beforeAll(async () => {
  fixture = await openChaosFixture();
});
afterAll(async () => {
  await fixture.close();
});

/** The whole matrix is `npm run chaos`; this draws a few of its kills, so that each test run tries some. */
describe.concurrent(`a worker killed at any AWS call (seed ${seed})`, () => {
  const lives: [string, 'dev' | 'ha', [OperationName, number][]][] = [
    [
      'a small life',
      'dev',
      [
        ['create dev', 3],
        ['resize', 1],
        ['delete', 1],
      ],
    ],
    [
      'a night',
      'ha',
      [
        ['create ha', 3],
        ['stop', 1],
        ['start', 1],
        ['delete', 1],
      ],
    ],
    [
      'changes',
      'ha',
      [
        ['create ha', 0],
        ['add agents', 1],
        ['apply config', 1],
        ['remove agents', 1],
        ['rotate', 1],
        ['drill', 1],
        ['delete', 0],
      ],
    ],
  ];

  it.each(lives)(
    '%s of a %s cluster gets where it should, nothing twice, nothing left',
    async (name, mode, operations) => {
      const random = seeded(seed * 1000 + name.length);
      const cell = await fixture.openCell();
      const cluster = fixture.newCluster(cell, mode);

      for (const [operation, count] of operations) {
        const kills = Array.from({ length: count }, () => draw(operation, random));
        expectSound(await operate(cluster, operation, kills), name);
      }
    },
  );
});

function draw(operation: OperationName, random: () => number): Kill {
  const moment = MOMENTS[Math.floor(random() * MOMENTS.length)] ?? 'after';
  return { moment, at: 1 + Math.floor(random() * CALLS[operation]), delayMs: Math.floor(random() * 80) };
}
