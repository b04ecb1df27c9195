import { expect, it } from 'vitest';
import { type KeptRow, keptWith, type Results } from '../../real/support/results.js';

const row = (scenario: string, healthySeconds: number) =>
  ({ scenario, healthySeconds, noticedSeconds: null, done: '', seen: '' }) satisfies Results['rows'][number];
const kept = (scenario: string, seconds: number, measuredOn: string): KeptRow => ({
  ...row(scenario, seconds),
  measuredOn,
});

it('a run of one file on real hosts replaces its own rows and keeps the others with their day', () => {
  // Prepare
  const before = { rows: [kept('create', 90, '2026-11-01'), kept('restore', 200, '2026-11-02')] };
  const run = { measuredAt: '2026-11-30T06:19:07.000Z', rows: [row('create', 75), row('delete', 39)] } as Results;

  // Act
  const { rows, measuredAt } = keptWith(before, run);

  // Assess
  expect(measuredAt).toBe(run.measuredAt);
  expect(rows).toEqual([
    kept('create', 75, '2026-11-30'),
    kept('restore', 200, '2026-11-02'),
    kept('delete', 39, '2026-11-30'),
  ]);
});
