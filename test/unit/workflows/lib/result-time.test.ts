import { describe, expect, it } from 'vitest';
import { resultTimeInterceptor } from '#src/worker/result-time.js';
import { take } from '#src/workflows/lib/result-time.js';

describe('the clock of a workflow', () => {
  it.each([
    ['a value', { resultAt: 9_000, result: { id: 'i-1' } }, { id: 'i-1' }],
    ['nothing', { resultAt: 9_000 }, undefined],
  ])('shows when the result was made, whatever the time of the activation: %s', (_, timed, result) => {
    const clock = { now: 1_000 };

    expect(take<unknown>(timed, clock)).toEqual(result);
    expect(clock.now).toBe(9_000);
  });

  it.each([[undefined], [null], ['text'], [{ id: 'i-1' }], [{ resultAt: 9_000, result: 1, more: 2 }]])(
    'stays as it is with a result that says no time: %j',
    (plain) => {
      const clock = { now: 1_000 };

      expect(take<unknown>(plain, clock)).toEqual(plain);
      expect(clock.now).toBe(1_000);
    },
  );
});

describe('an activity', () => {
  it('says with its result when it was made, by the clock of the server', async () => {
    // Prepare
    const info = { currentAttemptScheduledTimestampMs: 5_000 };
    const { inbound } = resultTimeInterceptor({ info } as Parameters<typeof resultTimeInterceptor>[0]);

    // Act
    const timed = await inbound?.execute?.({ args: [], headers: {} }, () => Promise.resolve('done'));

    // Assess
    expect(timed).toEqual({ resultAt: expect.any(Number), result: 'done' });
    expect((timed as { resultAt: number }).resultAt).toBeGreaterThanOrEqual(5_000);
  });
});
