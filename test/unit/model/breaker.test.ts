import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterFailure, breakerPhase, FAILURES_TO_OPEN, LONGEST_OPEN_SECONDS } from '#src/model/breaker.js';
import { type Breaker, ERROR_CLASSES, type ErrorClass } from '#src/model/state.js';

const NOW = '2026-01-01T00:00:00.000Z';
const later = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString();

function fail(times: number, errorClass: ErrorClass = 'transient'): { breaker: Breaker; waitMs: number } {
  let last = afterFailure(null, errorClass, NOW);
  for (let count = 1; count < times; count++) last = afterFailure(last.breaker, errorClass, NOW);
  return last;
}

describe('breaker', () => {
  it('waits twice as long after each failure while it is closed', () => {
    expect([1, 2, 3, 4].map((times) => fail(times).waitMs)).toEqual([2_000, 4_000, 8_000, 16_000]);
    expect(breakerPhase(fail(4).breaker, NOW)).toBe('closed');
  });

  it('opens for ten minutes at the fifth failure, then twice as long, at most an hour', () => {
    expect([5, 6, 7, 8, 9].map((times) => fail(times).waitMs / 60_000)).toEqual([10, 20, 40, 60, 60]);
    expect(fail(5).breaker.openUntil).toBe('2026-01-01T00:10:00.000Z');
  });

  it.each(['invalid', 'auth'] as const)('opens at once for what is %s', (errorClass) => {
    expect(afterFailure(null, errorClass, NOW).breaker.openUntil).toBe('2026-01-01T00:10:00.000Z');
  });

  it('half-opens when its time has come', () => {
    // Prepare
    const { breaker, waitMs } = fail(5);
    // Act and assess
    expect(breakerPhase(breaker, later(NOW, waitMs - 1))).toBe('open');
    expect(breakerPhase(breaker, later(NOW, waitMs))).toBe('half-open');
    expect(breakerPhase({ ...breaker, openUntil: null }, NOW)).toBe('half-open');
    expect(breakerPhase(null, NOW)).toBe('closed');
  });

  it('never waits less after another failure of the same class, and never more than an hour', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ERROR_CLASSES), fc.integer({ min: 1, max: 30 }), (errorClass, times) => {
        // Prepare
        let [breaker, before]: [Breaker | null, number] = [null, 0];
        for (let count = 0; count < times; count++) {
          // Act
          const next = afterFailure(breaker, errorClass, NOW);
          // Assess
          expect(next.waitMs).toBeGreaterThanOrEqual(before);
          expect(next.waitMs).toBeLessThanOrEqual(LONGEST_OPEN_SECONDS * 1000);
          expect(next.breaker.openUntil !== null).toBe(next.breaker.failures >= FAILURES_TO_OPEN);
          [breaker, before] = [{ ...next.breaker, openUntil: null }, next.waitMs];
        }
      }),
    );
  });
});
