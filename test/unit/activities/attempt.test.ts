import { CancelledFailure } from '@temporalio/common';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ActivityContext, activity } from '#src/activities/attempt.js';
import type { ActivityDeps } from '#src/activities/deps.js';
import { Fence } from '#src/activities/fence.js';
import { retryTransient } from '#src/activities/retry-transient.js';
import { failureOf, scope, settled, start } from './support.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function made<O>(
  body: (attempt: ActivityContext) => Promise<O>,
  log: string[] = [],
  options: { beatMs?: number; isRepeatable?: boolean } = {},
) {
  const logger = pino({}, { write: (line: string) => void log.push(line) });
  // Only these are used by the wrapper itself.
  const deps = { logger, fence: new Fence() } as ActivityDeps;
  return activity(deps, 'probe', (_deps, attempt, _input: typeof scope) => body(attempt), options);
}

describe('an activity', () => {
  test('heartbeats while its body waits, always with the latest details', async () => {
    const body = async (attempt: ActivityContext) => {
      attempt.heartbeat({ sent: 'cmd-1' });
      await attempt.sleep(10_000);
    };

    const { result, heartbeats } = start(made(body), scope);
    await settled(result);

    expect(heartbeats.length).toBeGreaterThanOrEqual(5);
    expect(heartbeats.slice(1).every((beat) => JSON.stringify(beat) === '{"sent":"cmd-1"}')).toBe(true);
  });

  test.each([
    { heartbeatTimeoutMs: 4_000, how: {}, beats: 10 },
    { heartbeatTimeoutMs: 8_000, how: {}, beats: 5 },
    { heartbeatTimeoutMs: 24_000, how: { beatMs: 8_000 }, beats: 1 },
    { heartbeatTimeoutMs: 8_000, how: { beatMs: 30_000 }, beats: 3 },
    { heartbeatTimeoutMs: 4_000, how: { isRepeatable: true }, beats: 10 },
    { heartbeatTimeoutMs: 4_000, how: { isRepeatable: true }, amongMany: true as const, beats: 5 },
    { heartbeatTimeoutMs: 8_000, how: {}, amongMany: true as const, beats: 5 },
    // As the server writes that there is none.
    { heartbeatTimeoutMs: 0, how: {}, beats: 0 },
  ])('beats $beats times in 10 s: time-out $heartbeatTimeoutMs ms, $how, one of many: $amongMany', async (given) => {
    const { heartbeatTimeoutMs, how, amongMany, beats } = given;
    const { result, heartbeats } = start(
      made((attempt) => attempt.sleep(10_100), [], how),
      { ...scope, ...(amongMany && { amongMany }) },
      { heartbeatTimeoutMs },
    );

    await settled(result);

    expect(heartbeats).toHaveLength(beats);
  });

  test('that takes a server down does nothing when the quorum was seen long before it was asked for', async () => {
    let begun = false;
    const probe = made(async () => {
      begun = true;
    });

    const { result } = start(probe, { ...scope, quorumSeenAt: 1 }, { scheduledTimestampMs: 3_600_001 });

    expect(await failureOf(result)).toMatchObject({ code: 'QuorumSeenLongAgo' });
    expect(begun).toBe(false);
  });

  test('does not lose the details of an earlier attempt before it has its own', async () => {
    const { result, heartbeats } = start(
      made((attempt) => attempt.sleep(3_000)),
      scope,
      {
        attempt: 2,
        heartbeatDetails: { sent: 'cmd-1' },
      },
    );

    await settled(result);

    expect(heartbeats[0]).toEqual({ sent: 'cmd-1' });
  });

  test('shows people what it tries again, beside what the next attempt needs, until it does not any more', async () => {
    let failures = 0;
    const look = async () => {
      failures += 1;
      if (failures <= 6)
        throw Object.assign(new Error('Request limit exceeded.'), { name: 'RequestLimitExceeded', $metadata: {} });
      return 'seen';
    };

    const { result, heartbeats, troubles } = start(
      made(async (attempt) => {
        attempt.heartbeat({ sent: 'cmd-1' });
        const seen = await retryTransient(attempt, 'DescribeInstances i-1')(look);
        await attempt.sleep(5_000);
        return seen;
      }),
      scope,
    );

    expect(await settled(result)).toBe('seen');
    const told = troubles.findLast((one) => one !== null);
    expect(told).toMatchObject({
      code: 'RequestLimitExceeded',
      class: 'throttled',
      message: expect.stringContaining('DescribeInstances i-1'),
    });
    expect(Date.parse((told as { nextAt: string }).nextAt)).toBeGreaterThan(
      Date.parse((told as { since: string }).since),
    );
    expect(troubles.at(-1)).toBeNull();
    expect(heartbeats.at(-1)).toEqual({ sent: 'cmd-1' });
  });

  test('stops its heartbeat at its end', async () => {
    const { result, heartbeats } = start(
      made(() => Promise.resolve()),
      scope,
    );
    await settled(result);
    const before = heartbeats.length;

    await vi.advanceTimersByTimeAsync(10_000);

    expect(heartbeats.length).toBe(before);
  });

  test('that is cancelled in a call which was aborted fails with the CancelledFailure itself', async () => {
    const body = (attempt: ActivityContext) =>
      new Promise<void>((_, reject) => {
        attempt.signal.addEventListener('abort', () =>
          reject(Object.assign(new Error('Request aborted'), { name: 'AbortError' })),
        );
      });
    const { result, environment } = start(made(body), scope);

    environment.cancel('CANCELLED');

    await expect(settled(result)).rejects.toBeInstanceOf(CancelledFailure);
  });

  test('turns whatever its body throws into a failure with class, code and hint', async () => {
    const failure = await failureOf(
      settled(
        start(
          made(() => Promise.reject(new Error('odd'))),
          scope,
        ).result,
      ),
    );

    expect(failure).toMatchObject({ code: 'Unexpected', class: 'unknown' });
    expect(failure.message).toContain('odd');
    expect(failure.hint).not.toBe('');
  });

  test('logs its end with cluster, operation and trace', async () => {
    const log: string[] = [];

    await settled(
      start(
        made(() => Promise.resolve(), log),
        scope,
      ).result,
    );

    expect(JSON.parse(log.at(-1) ?? '{}')).toMatchObject({
      activity: 'probe',
      cluster: 'shop',
      region: 'eu-west-1',
      operation: 'op-1',
      traceId: 'trace-1',
    });
  });
});
