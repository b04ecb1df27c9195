import type { ChaosFixture } from '../support/fixture.js';
import { type Step, textOf } from './steps.js';
import { Walker } from './walker.js';

export interface Walked {
  /** Of the step that did not hold, from 0; the number of steps when all did. */
  steps: number;
  /** What does not hold; empty when all does. */
  findings: string[];
  seconds: number;
}

/** One cluster through the steps. Ends at the first thing that does not hold, or after a last settle and a delete. */
export async function walk(
  fixture: ChaosFixture,
  mode: 'dev' | 'ha',
  steps: readonly Step[],
  progress: (line: string) => void,
): Promise<Walked> {
  const started = Date.now();
  const cell = await fixture.openCell();
  const cluster = fixture.newCluster(cell, mode);
  const walker = new Walker(cell, cluster);
  const all: Step[] = [
    { act: { kind: 'apply', change: {} }, thenMs: 0 },
    { act: { kind: 'settle' }, thenMs: 0 },
    ...steps,
    { act: { kind: 'settle' }, thenMs: 0 },
    { act: { kind: 'ask', verb: 'delete' }, thenMs: 0 },
  ];
  let findings: string[] = [];
  let done = 0;
  for (const [index, { act, thenMs }] of all.entries()) {
    done = index - 2;
    progress(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s ${String(done).padStart(4)} ${textOf(act)}`);
    findings = await walker.take(act);
    if (findings.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, thenMs));
  }
  await cluster.abandon();
  await cell.close();
  return {
    steps: Math.min(Math.max(done, 0), steps.length),
    findings,
    seconds: (Date.now() - started) / 1000,
  };
}
