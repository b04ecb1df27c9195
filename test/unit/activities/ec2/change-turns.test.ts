/** Changes of security groups of clusters that are made together: EC2 allows fifty at once and five a second after them. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ActivityContext } from '#src/activities/attempt.js';
import type { ActivityDeps } from '#src/activities/deps.js';
import { changeTurns } from '#src/activities/ec2/change-turns.js';
import { createRateLimiter } from '#src/aws/rate-limiter.js';
import { awsError } from '../support.js';

const SIZE = 50;
const PER_SECOND = 5;
const attempt = {
  cancelled: new Promise<never>(() => undefined),
  signal: new AbortController().signal,
} as ActivityContext;

/** EC2's bucket; `refused` counts what it had no token for. */
function limitedEc2() {
  const seen = { calls: 0, refused: 0 };
  const began = Date.now();
  const call = async (): Promise<void> => {
    const tokens = SIZE + ((Date.now() - began) / 1_000) * PER_SECOND - seen.calls;
    if (tokens < 1 - 1e-6) {
      seen.refused += 1;
      throw awsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
    }
    seen.calls += 1;
  };
  return { seen, call };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('changes of groups', () => {
  test('of forty clusters take turns: EC2 refuses none, and the first clusters have theirs while the last wait', async () => {
    // Prepare
    const deps = { pace: createRateLimiter(() => Date.now()) } as ActivityDeps;
    const { seen, call } = limitedEc2();
    const turn = changeTurns(deps, attempt, { region: 'eu-west-1' });
    const ended: { cluster: number; seconds: number }[] = [];
    const began = Date.now();
    const make = async (cluster: number): Promise<void> => {
      await Promise.all([turn('first', call), turn('first', call)]);
      await Promise.all([turn('next', call), turn('next', call)]);
      ended.push({ cluster, seconds: (Date.now() - began) / 1_000 });
    };
    // Act
    const all = Promise.all(Array.from({ length: 40 }, (_, cluster) => make(cluster)));
    await vi.advanceTimersByTimeAsync(60_000);
    await all;
    // Assess
    expect(seen).toEqual({ calls: 160, refused: 0 });
    expect(ended.map(({ cluster }) => cluster)).toEqual(Array.from({ length: 40 }, (_, cluster) => cluster));
    expect(ended[0]?.seconds).toBeLessThan(1);
    expect(ended.at(-1)?.seconds).toBeLessThanOrEqual((160 - SIZE) / PER_SECOND + 1);
  });

  test('wait after a refusal: someone else in the account has used the bucket', async () => {
    // Prepare
    const deps = { pace: createRateLimiter(() => Date.now()) } as ActivityDeps;
    const turn = changeTurns(deps, attempt, { region: 'eu-west-1' });
    const began = Date.now();
    const refuse = async () => {
      throw awsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
    };
    await expect(turn('first', refuse)).rejects.toThrow();
    // Act
    const next = turn('first', async () => Date.now() - began);
    await vi.advanceTimersByTimeAsync(1_000);
    // Assess
    expect(await next).toBe(200);
  });
});
