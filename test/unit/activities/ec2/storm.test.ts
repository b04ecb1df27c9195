/** Creates that wait while repairs take the turns, as Temporal carries their attempts; by a stopped clock. */
import { DescribeInstancesCommand, EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { ApplicationFailure } from '@temporalio/common';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { launchInput, makeActivities, start } from '../support.js';

const ec2 = mockClient(EC2Client);
beforeEach(() => {
  vi.useFakeTimers();
  ec2.reset();
  ec2
    .on(DescribeInstancesCommand)
    .resolves({ Reservations: [] })
    .on(RunInstancesCommand)
    .resolves({ Instances: [{ InstanceId: 'i-1', State: { Name: 'pending' } }] });
});
afterEach(() => vi.useRealTimers());

interface Launch {
  /** Attempts and their beats: what Temporal bills. */
  actions: number;
  launchedAt: number | null;
}

/** Begins launches, and their next attempts when Temporal would; `over` gets what ends them. */
function launches(
  worker: ReturnType<typeof makeActivities>,
  count: number,
  urgent: boolean,
  over: Set<() => void> | null = null,
): Launch[] {
  return Array.from({ length: count }, (_, n) => {
    const launch: Launch = { actions: 0, launchedAt: null };
    const input = {
      ...launchInput,
      uid: `${urgent}-${n}`,
      since: new Date(n).toISOString(),
      ...(urgent && { urgent: true as const }),
    };
    let isOver = false;
    over?.add(() => {
      isOver = true;
    });
    const attempt = (): void => {
      if (isOver) return;
      const { result, environment } = start(worker.launchInstance, input);
      over?.add(() => environment.cancel());
      launch.actions += 1;
      environment.on('heartbeat', () => {
        launch.actions += 1;
      });
      result.then(
        () => {
          launch.launchedAt = Date.now();
        },
        ({ nextRetryDelay }: ApplicationFailure) => {
          if (nextRetryDelay != null) setTimeout(attempt, Number(nextRetryDelay));
        },
      );
    };
    attempt();
    return launch;
  });
}

const actionsOf = (all: readonly Launch[]): number => all.reduce((sum, { actions }) => sum + actions, 0);

describe('creates while repairs take the turns', () => {
  test('cost few actions a minute, those that had begun to wait in the worker as well, and are launched right after', async () => {
    // Prepare
    const worker = makeActivities();
    const creates = launches(worker, 40, false);
    await vi.advanceTimersByTimeAsync(1_000);

    // Act: two minutes of turns
    const repairs = launches(worker, 240, true);
    await vi.advanceTimersByTimeAsync(15_000);
    const before = actionsOf(creates);
    await vi.advanceTimersByTimeAsync(60_000);
    const waiting = creates.filter(({ launchedAt }) => launchedAt === null);
    const perMinute = (actionsOf(creates) - before) / waiting.length;
    await vi.advanceTimersByTimeAsync(90_000);

    // Assess
    expect(waiting.length).toBeGreaterThanOrEqual(15);
    expect(perMinute).toBeLessThan(5);
    expect(repairs.filter(({ launchedAt }) => launchedAt === null)).toEqual([]);
    expect(creates.filter(({ launchedAt }) => launchedAt === null)).toEqual([]);
  });

  test('go on within half a minute where the repairs are gone at once', async () => {
    // Prepare
    const worker = makeActivities();
    const ends = new Set<() => void>();
    const creates = launches(worker, 40, false);
    launches(worker, 1_000, true, ends);
    await vi.advanceTimersByTimeAsync(60_000);

    // Act
    for (const end of ends) end();
    const left = creates.filter(({ launchedAt }) => launchedAt === null).length;
    await vi.advanceTimersByTimeAsync(30_000 + (left / 2) * 1_000);

    // Assess
    expect(left).toBeGreaterThan(20);
    expect(creates.filter(({ launchedAt }) => launchedAt === null)).toEqual([]);
  });
});
