import { expect } from 'vitest';
import { noFindings } from './evidence.js';
import { lineOf, type Outcome } from './operations.js';

/** Nothing was found; the message tells the run. */
export function expectSound(outcome: Outcome, cellName = ''): void {
  expect(outcome.findings, lineOf(outcome, cellName)).toEqual(noFindings());
}
