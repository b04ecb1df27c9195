import { asyncLocalStorage, Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fence } from '#src/activities/fence.js';

let time: number;
let fence: Fence;

beforeEach(() => {
  vi.useFakeTimers();
  time = 0;
  fence = new Fence(() => time);
  fence.watch();
});
afterEach(() => void vi.useRealTimers());

/** Time passes, and the process runs. */
function run(ms: number): void {
  for (let passed = 0; passed < ms; passed += 500) {
    time += 500;
    vi.advanceTimersByTime(500);
  }
}

/** Time passes, and the process does not know. */
function freeze(ms: number): void {
  time += ms;
}

const ignore = (): void => undefined;

async function inAttempt<T>(body: (context: Context) => T, heartbeatTimeoutMs?: number): Promise<T> {
  return await new MockActivityEnvironment(heartbeatTimeoutMs === undefined ? {} : { heartbeatTimeoutMs }).run(
    async () => body(Context.current()),
  );
}

describe('a worker that was suspended', () => {
  test('sends nothing more for attempts that had begun before', async () => {
    const context = await inAttempt((one) => one);
    fence.begin(context, ignore);
    run(60_000);
    asyncLocalStorage.run(context, fence.pass);

    freeze(9_000);

    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/suspended or disconnected/);
    run(60_000);
    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/suspended or disconnected/);
  });

  test('distrusts what it is handed right after, for that may have waited in a socket', async () => {
    const context = await inAttempt((one) => one);

    freeze(9_000);

    expect(() => fence.begin(context, ignore)).toThrow(/suspended or disconnected/);
  });

  test('goes on with new attempts', async () => {
    const context = await inAttempt((one) => one);

    freeze(9_000);
    run(3_000);
    fence.begin(context, ignore);

    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
  });

  test('lets through what belongs to no attempt', () => {
    freeze(9_000);

    expect(fence.pass).not.toThrow();
  });

  test('takes a short pause for what it is', async () => {
    const context = await inAttempt((one) => one);
    fence.begin(context, ignore);

    freeze(4_000);

    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
  });
});

describe('attempts with several heartbeat time-outs', () => {
  test.each([4_000, 8_000, 24_000, 90_000])(
    'of %i ms: it is ended before Temporal can give it away',
    async (timeout) => {
      // Prepare: the last beat that has arrived is a quarter of the time-out old
      const context = await inAttempt((one) => one, timeout);
      fence.heard();
      fence.begin(context, ignore);

      // Act
      run((timeout * 3) / 4);

      // Assess
      expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/suspended or disconnected/);
    },
  );

  test('a silence ends those that it was too long for, and no others', async () => {
    const [quick, calm] = [await inAttempt((one) => one, 4_000), await inAttempt((one) => one, 8_000)];
    fence.begin(quick, ignore);
    fence.begin(calm, ignore);

    freeze(3_000);

    expect(() => asyncLocalStorage.run(quick, fence.pass)).toThrow(/for more than 2.5 s/);
    expect(() => asyncLocalStorage.run(calm, fence.pass)).not.toThrow();
  });

  test('a short silence does not hide the longer one before it', async () => {
    const calm = await inAttempt((one) => one, 8_000);
    fence.begin(calm, ignore);

    freeze(9_000);
    run(10_000);
    freeze(3_000);
    run(10_000);

    expect(() => asyncLocalStorage.run(calm, fence.pass)).toThrow(/for more than 5 s/);
  });

  test('a short pause of a busy process ends none', async () => {
    const quick = await inAttempt((one) => one, 4_000);
    fence.begin(quick, ignore);

    freeze(1_500);

    expect(() => asyncLocalStorage.run(quick, fence.pass)).not.toThrow();
  });
});

describe('an attempt under way', () => {
  test('is ended once when the worker was suspended, also if it calls nothing', async () => {
    const context = await inAttempt((one) => one);
    const ended: unknown[] = [];
    fence.begin(context, (reason) => ended.push(reason));

    freeze(9_000);
    run(10_000);

    expect(ended).toEqual([expect.objectContaining({ type: 'transient', nextRetryDelay: expect.any(Number) })]);
  });

  test('is ended while Temporal is silent', async () => {
    const context = await inAttempt((one) => one);
    const ended: unknown[] = [];
    fence.heard();
    fence.begin(context, (reason) => ended.push(reason));

    run(4_000);
    const early = ended.length;
    run(3_000);

    expect(early).toBe(0);
    expect(ended).toHaveLength(1);
  });

  test('is left alone after its end, and when it began after the pause', async () => {
    const [over, later] = [await inAttempt((one) => one), await inAttempt((one) => one)];
    const ended: unknown[] = [];
    const leave = fence.begin(over, (reason) => ended.push(reason));
    leave();
    freeze(9_000);
    run(3_000);
    fence.begin(later, (reason) => ended.push(reason));

    run(60_000);

    expect(ended).toEqual([]);
  });
});

describe('a worker that does not reach Temporal', () => {
  test('sends nothing more for what it has, nor for what it had begun when it is back', async () => {
    const context = await inAttempt((one) => one);
    fence.heard();
    fence.begin(context, ignore);

    run(4_000);
    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
    run(2_000);
    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/suspended or disconnected/);

    fence.heard();
    run(4_000);
    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/suspended or disconnected/);
  });

  test('goes on with new attempts when it is back', async () => {
    const context = await inAttempt((one) => one);
    fence.heard();
    run(9_000);
    fence.heard();
    run(3_000);

    fence.begin(context, ignore);

    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
  });

  test('does not take a late answer to an early question for a sign of life', async () => {
    const context = await inAttempt((one) => one);
    fence.heard();
    fence.begin(context, ignore);
    run(500);
    const answered = fence.asks();
    run(5_500);

    answered();

    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/suspended or disconnected/);
  });
});

describe('a worker whose time of day is set back by hours', () => {
  const HOURS_MS = 5 * 3_600_000;

  beforeEach(() => {
    fence = new Fence();
    fence.watch();
  });

  test('notices that Temporal is silent', async () => {
    const context = await inAttempt((one) => one);
    fence.heard();
    fence.begin(context, ignore);

    vi.setSystemTime(Date.now() - HOURS_MS);
    vi.advanceTimersByTime(9_000);

    expect(fence.isInContact()).toBe(false);
    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/suspended or disconnected/);
  });

  test('goes on with new attempts after a silence', async () => {
    const context = await inAttempt((one) => one);
    fence.heard();
    vi.advanceTimersByTime(9_000);

    vi.setSystemTime(Date.now() - HOURS_MS);
    fence.heard();
    vi.advanceTimersByTime(3_000);
    fence.begin(context, ignore);

    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
  });

  test('and forward again: it loses its attempts once', async () => {
    const [before, after] = [await inAttempt((one) => one), await inAttempt((one) => one)];
    fence.begin(before, ignore);

    vi.setSystemTime(Date.now() + HOURS_MS);
    expect(() => asyncLocalStorage.run(before, fence.pass)).toThrow(/suspended or disconnected/);
    vi.advanceTimersByTime(3_000);
    fence.begin(after, ignore);

    expect(() => asyncLocalStorage.run(after, fence.pass)).not.toThrow();
  });
});
