import { asyncLocalStorage, Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Fence } from '../../../src/activities/fence.js';

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

async function inAttempt<T>(body: (context: Context) => T): Promise<T> {
  return await new MockActivityEnvironment().run(async () => body(Context.current()));
}

describe('a worker that stood still', () => {
  test('sends nothing more for attempts that had begun before', async () => {
    const context = await inAttempt((one) => one);
    fence.begin(context);
    run(60_000);
    asyncLocalStorage.run(context, fence.pass);

    freeze(9_000);

    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/stood still/);
    run(60_000);
    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/stood still/);
  });

  test('distrusts what it is handed right after, for that may have waited in a socket', async () => {
    const context = await inAttempt((one) => one);

    freeze(9_000);

    expect(() => fence.begin(context)).toThrow(/stood still/);
  });

  test('goes on with new attempts', async () => {
    const context = await inAttempt((one) => one);

    freeze(9_000);
    run(3_000);
    fence.begin(context);

    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
  });

  test('lets through what belongs to no attempt', () => {
    freeze(9_000);

    expect(fence.pass).not.toThrow();
  });

  test('takes a short pause for what it is', async () => {
    const context = await inAttempt((one) => one);
    fence.begin(context);

    freeze(4_000);

    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
  });
});

describe('a worker that does not reach Temporal', () => {
  test('sends nothing more for what it has, nor for what it had begun when it is back', async () => {
    const context = await inAttempt((one) => one);
    fence.heard();
    fence.begin(context);

    run(4_000);
    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
    run(2_000);
    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/did not reach Temporal/);

    fence.heard();
    run(4_000);
    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/did not reach Temporal/);
  });

  test('goes on with new attempts when it is back', async () => {
    const context = await inAttempt((one) => one);
    fence.heard();
    run(9_000);
    fence.heard();
    run(3_000);

    fence.begin(context);

    expect(() => asyncLocalStorage.run(context, fence.pass)).not.toThrow();
  });

  test('does not take a late answer to an early question for a sign of life', async () => {
    const context = await inAttempt((one) => one);
    fence.heard(time);
    fence.begin(context);
    run(6_000);

    fence.heard(time - 5_500);

    expect(() => asyncLocalStorage.run(context, fence.pass)).toThrow(/did not reach Temporal/);
  });
});
