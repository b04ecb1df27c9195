import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { backOffMs, withBackOff } from '#src/activities/back-off.js';

const failure = (nonRetryable = false) =>
  ApplicationFailure.create({ type: 'throttled', message: 'refused', details: [{ code: 'X' }], nonRetryable });

describe('the wait before the next attempt', () => {
  test('doubles up to half a minute, and never is nothing', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((attempt) => backOffMs(attempt, 'transient', 1));
    const floors = [1, 2, 50].map((attempt) => backOffMs(attempt, 'transient', 0));

    expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(floors).toEqual([125, 250, 7_500]);
  });

  test('begins longer after a refusal for calling too often', () => {
    expect(backOffMs(1, 'throttled', 0.5)).toBeGreaterThan(backOffMs(1, 'transient', 1));
  });

  test('differs for those who failed together', () => {
    const delays = Array.from({ length: 20 }, () => withBackOff(failure(), 4).nextRetryDelay);

    expect(new Set(delays).size).toBeGreaterThan(10);
  });

  test('is all that is added to the failure', () => {
    expect(withBackOff(failure(), 1, 0)).toMatchObject({
      type: 'throttled',
      message: 'refused',
      details: [{ code: 'X' }],
      nonRetryable: false,
      nextRetryDelay: 375,
    });
  });

  test('is not added to what is final', () => {
    const final = failure(true);

    expect(withBackOff(final, 1)).toBe(final);
  });
});
