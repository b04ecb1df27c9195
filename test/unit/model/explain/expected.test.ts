import { describe, expect, it } from 'vitest';
import { expectedOf, firstOverdue } from '#src/model/explain/expected.js';
import type { Operation, StepRecord } from '#src/model/state.js';

const START = '2026-01-01T00:00:00.000Z';
const later = (seconds: number): string => new Date(Date.parse(START) + seconds * 1_000).toISOString();

const stepOf = (kind: string, slot: number, seconds: number | null): StepRecord => ({
  id: `${kind}:workers-${slot}`,
  kind,
  phase: 'Updating',
  slot: `workers-${slot}`,
  title: kind,
  startedAt: START,
  endedAt: seconds === null ? null : later(seconds),
  outcome: seconds === null ? 'running' : 'done',
  error: null,
});

const operationOf = (steps: StepRecord[]): Operation => ({
  id: 'op-1',
  kind: 'update',
  requestedBy: 'tester',
  startedAt: START,
  endedAt: null,
  outcome: 'running',
  reason: 'a change',
  traceId: '0'.repeat(32),
  specGeneration: 1,
  steps,
  stepsTotal: steps.length,
});

describe('the time of a step', () => {
  it('is that of the longest of its latest five runs', () => {
    const first = operationOf([stepOf('drain', 0, 90), stepOf('drain', 1, 20), stepOf('drain', 2, 30)]);
    const second = operationOf([
      stepOf('drain', 3, 10),
      stepOf('join', 3, 500),
      stepOf('drain', 4, 25),
      stepOf('drain', 5, 15),
      stepOf('drain', 6, null),
    ]);

    expect(expectedOf('drain', [first, second])).toEqual({ seconds: 30, runs: 5 });
    expect(expectedOf('install', [first, second])).toEqual({ seconds: 180, runs: 0 });
  });

  it('is over for the first running step that takes longer', () => {
    const done = [1, 2, 3].map((slot) => stepOf('drain', slot, 20));
    const running = [stepOf('join', 4, null), stepOf('drain', 5, null), stepOf('drain', 6, null)];
    const operation = operationOf([...done, ...running]);
    const at = (seconds: number) => Date.parse(later(seconds));

    expect(firstOverdue(operation.steps, [operation], at(35))).toBe(null);
    expect(firstOverdue(operation.steps, [operation], at(36))).toEqual({
      step: running[1],
      expected: { seconds: 20, runs: 3 },
    });
  });

  it('is found without a look at each step for each other one', () => {
    // Prepare: 200 nodes in the middle of a change
    let looks = 0;
    const counted = (step: StepRecord): StepRecord =>
      Object.defineProperty({ ...step }, 'kind', {
        get: () => {
          looks += 1;
          return step.kind;
        },
      });
    const kinds = ['drain', 'stop-service', 'stop-instance', 'change-type', 'start-instance', 'wait-for-agent'];
    const steps = kinds.flatMap((kind) => Array.from({ length: 180 }, (_, slot) => counted(stepOf(kind, slot, 20))));
    const running = Array.from({ length: 20 }, (_, slot) => counted(stepOf('start-service', slot, null)));
    const operation = operationOf([...steps, ...running]);

    // Act
    firstOverdue(operation.steps, [operation], Date.parse(later(1)));

    // Assess
    expect(looks).toBeLessThan(2 * operation.steps.length);
  });
});
