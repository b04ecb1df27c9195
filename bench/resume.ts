import { openChaosFixture } from '../test/chaos/support/fixture.js';
import { seeded } from '../test/chaos/support/matrix.js';
import { lineOf, operate } from '../test/chaos/support/operations.js';
import type { Row } from './report.js';

/** Promised: seconds from the last call to AWS before a SIGKILL to the first one after it. */
const LIMIT = { median: 5, worst: 30 };
const SEED = 1;
/** Calls that each operation makes at least, and workers that are killed in it. */
const OPERATIONS = [
  { operation: 'create ha', calls: 45, kills: 4 },
  { operation: 'stop', calls: 20, kills: 3 },
  { operation: 'start', calls: 18, kills: 3 },
  { operation: 'resize', calls: 60, kills: 4 },
] as const;

/** How long work rests when the worker is killed at any moment and started again at once: the fault campaign's own kills, at seeded moments. */
export async function benchResume(): Promise<Row[]> {
  const random = seeded(SEED);
  const fixture = await openChaosFixture();
  try {
    const cell = await fixture.openCell();
    const cluster = fixture.newCluster(cell, 'ha');
    const rows: Row[] = [];
    const all: number[] = [];
    for (const { operation, calls, kills } of OPERATIONS) {
      const drawn = Array.from({ length: kills }, () => ({
        moment: 'between' as const,
        at: 1 + Math.floor(random() * calls),
        delayMs: Math.floor(random() * 80),
      }));
      const outcome = await operate(cluster, operation, drawn);
      if (outcome.findings.unreached.length > 0) throw new Error(lineOf(outcome, operation));
      const seconds = outcome.reaper.restedMs.map((ms) => ms / 1_000);
      all.push(...seconds);
      rows.push({ case: `  ${operation}`, ...summary(seconds) });
    }
    await operate(cluster, 'delete');
    const { kills, median, worst } = summary(all);
    return [
      { case: 'work goes on after a SIGKILL, median', kills, seconds: median, limit: LIMIT.median },
      { case: 'work goes on after a SIGKILL, worst', kills, seconds: worst, limit: LIMIT.worst },
      ...rows,
    ];
  } finally {
    await fixture.close();
  }
}

function summary(seconds: readonly number[]): { kills: number; median: number; worst: number } {
  const sorted = [...seconds].sort((a, b) => a - b);
  return {
    kills: sorted.length,
    median: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    worst: sorted.at(-1) ?? Number.NaN,
  };
}
