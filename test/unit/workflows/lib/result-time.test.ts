import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { resultTimeInterceptor } from '#src/worker/result-time.js';
import { take, takeFailure } from '#src/workflows/lib/result-time.js';

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

const LIMITS = { SCHEDULE_TO_CLOSE: 60_000, HEARTBEAT: 8_000 };
const said = (failedAt: number): ApplicationFailure =>
  ApplicationFailure.nonRetryable('no', 'auth', null, { failedAt });
const timedOut = (kind: 'SCHEDULE_TO_CLOSE' | 'HEARTBEAT' | 'SCHEDULE_TO_START', cause?: Error): TimeoutFailure =>
  Object.assign(new TimeoutFailure('late', null, kind), { cause });

describe('the clock of a workflow, after a failure of an activity asked for at 1,000,', () => {
  it.each([
    ['shows when the failure says it happened', said(9_000), 9_000],
    ['shows the end of the time that it had', timedOut('SCHEDULE_TO_CLOSE'), 61_000],
    ['shows the time of the last attempt, where that is later', timedOut('HEARTBEAT', said(30_000)), 30_000],
    ['shows at least the time of one attempt', timedOut('HEARTBEAT'), 9_000],
    ['stays where no time is known', timedOut('SCHEDULE_TO_START'), 5_000],
    ['stays where the failure says no time', ApplicationFailure.nonRetryable('no', 'auth', { code: 'X' }), 5_000],
  ])('%s', (_, cause, expected) => {
    const clock = { now: 5_000 };

    takeFailure(
      new ActivityFailure('failed', 'name', 'id', 'NON_RETRYABLE_FAILURE', undefined, cause),
      1_000,
      LIMITS,
      clock,
    );

    expect(clock.now).toBe(expected);
  });
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

  const thrown = async (error: Error): Promise<unknown> => {
    const info = { currentAttemptScheduledTimestampMs: 5_000 };
    const { inbound } = resultTimeInterceptor({ info } as Parameters<typeof resultTimeInterceptor>[0]);
    return inbound
      ?.execute?.({ args: [], headers: {} }, () => Promise.reject(error))
      .catch((reason: unknown) => reason);
  };

  it.each([
    ['its details', ApplicationFailure.nonRetryable('no', 'auth', { code: 'X' }), { code: 'X' }],
    ['nothing, for an error of no known kind', new TypeError('no'), null],
  ])('says with a failure when it happened, beside %s', async (_, error, detail) => {
    expect(await thrown(error)).toMatchObject({
      message: 'no',
      details: [detail, { failedAt: expect.any(Number) as number }],
    });
  });

  it.each([[new CancelledFailure('cancelled')], [Object.assign(new Error('aborted'), { name: 'AbortError' })]])(
    'that is cancelled ends as the SDK knows it: %s',
    async (error) => {
      expect(await thrown(error)).toBe(error);
    },
  );
});
