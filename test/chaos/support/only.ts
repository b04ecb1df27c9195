import { BEFORE, type Only } from './again.js';
import type { ChaosFixture } from './fixture.js';
import { lineOf, type Outcome, operate } from './operations.js';

/** One run of the matrix alone, on a new cluster. @returns how it went, and the delete after it */
export async function runOnly(
  fixture: ChaosFixture,
  { operation, kills }: Only,
  progress: (line: string) => void,
): Promise<Outcome[]> {
  const cell = await fixture.openCell();
  const cluster = fixture.newCluster(cell, operation === 'create dev' ? 'dev' : 'ha');
  const outcomes: Outcome[] = [];
  const names = [...BEFORE[operation], operation, ...(operation === 'delete' ? [] : (['delete'] as const))];
  for (const name of names) {
    const outcome = await operate(cluster, name, name === operation ? kills : []);
    progress(lineOf(outcome, cell.taskQueue));
    outcomes.push(outcome);
  }
  return outcomes;
}
