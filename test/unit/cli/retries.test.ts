import type { WorkflowExecutionDescription } from '@temporalio/client';
import { ApplicationFailure, defaultFailureConverter, defaultPayloadConverter, toPayloads } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { retriesOf } from '../../../src/cli/clusters/retries.js';

const at = (iso: string) => ({ seconds: Date.parse(iso) / 1_000, nanos: 0 });
const described = (...pendingActivities: object[]) =>
  ({ raw: { pendingActivities } }) as unknown as WorkflowExecutionDescription;

const detail = {
  code: 'RequestLimitExceeded',
  class: 'throttled',
  message: 'RunInstances t3.medium: RequestLimitExceeded: Request limit exceeded.',
  advice: 'run fewer clusters',
};
const lastFailure = defaultFailureConverter.errorToFailure(
  ApplicationFailure.create({ type: 'throttled', message: detail.message, details: [detail] }),
  defaultPayloadConverter,
);
const beat = (trouble: object | null) => ({
  payloads: toPayloads(defaultPayloadConverter, { progress: { sent: 'cmd-1' }, trouble }),
});

describe('what Temporal tries again', () => {
  it('is told with attempt, cause and the time of the next try', () => {
    const pending = {
      activityType: { name: 'launchInstance' },
      state: 1,
      attempt: 17,
      lastFailure,
      scheduledTime: at('2026-03-01T12:01:14Z'),
      lastAttemptCompleteTime: at('2026-03-01T12:01:00Z'),
    };
    expect(retriesOf(described(pending))).toMatchObject([
      {
        activity: 'launchInstance',
        attempt: 17,
        failures: 16,
        code: 'RequestLimitExceeded',
        class: 'throttled',
        message: detail.message,
        hint: 'run fewer clusters',
        since: '2026-03-01T12:01:00.000Z',
        nextAt: '2026-03-01T12:01:14.000Z',
      },
    ]);
  });

  it('is what a running attempt tells in its heartbeats, before the failure of the attempt before it', () => {
    const trouble = {
      code: 'ECONNREFUSED',
      class: 'transient',
      message: 'DescribeInstances: ECONNREFUSED',
      hint: '',
      failures: 3,
      since: '2026-03-01T12:00:00.000Z',
      nextAt: null,
    };
    const pending = {
      activityType: { name: 'awaitInstance' },
      state: 2,
      attempt: 2,
      lastFailure,
      heartbeatDetails: beat(trouble),
    };
    expect(retriesOf(described(pending))).toMatchObject([{ ...trouble, failures: 4, attempt: 2 }]);
  });

  it('names a worker that has died by the missing heartbeat', () => {
    const timedOut = { message: 'activity Heartbeat timeout', timeoutFailureInfo: { timeoutType: 4 } };
    const pending = {
      activityType: { name: 'runOnNodes' },
      state: 1,
      attempt: 2,
      lastFailure: timedOut,
      scheduledTime: at('2026-03-01T12:00:00Z'),
    };
    expect(retriesOf(described(pending))).toMatchObject([{ code: 'ActivityTimedOut', class: 'transient' }]);
  });

  it('is nothing while first attempts run well', () => {
    const pending = { activityType: { name: 'runOnNodes' }, state: 2, attempt: 1, heartbeatDetails: beat(null) };
    expect(retriesOf(described(pending, { activityType: { name: 'writeStatus' }, state: 1, attempt: 1 }))).toEqual([]);
  });
});
