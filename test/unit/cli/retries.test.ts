import { randomBytes } from 'node:crypto';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import {
  ApplicationFailure,
  DefaultFailureConverter,
  defaultFailureConverter,
  defaultPayloadConverter,
  type LoadedDataConverter,
  toPayloads,
} from '@temporalio/common';
import { encodeErrorToFailure, encodeToPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { describe, expect, it } from 'vitest';
import { retriesOf } from '#src/cli/clusters/retries.js';
import { AesCodec } from '#src/temporal/codec.js';

const PLAIN: LoadedDataConverter = {
  payloadConverter: defaultPayloadConverter,
  failureConverter: defaultFailureConverter,
  payloadCodecs: [],
};

const at = (iso: string) => ({ seconds: Date.parse(iso) / 1_000, nanos: 0 });
const described = (...pendingActivities: object[]) =>
  ({ raw: { pendingActivities } }) as unknown as WorkflowExecutionDescription;

const detail = {
  code: 'RequestLimitExceeded',
  class: 'throttled',
  message: 'RunInstances t3.medium: RequestLimitExceeded: Request limit exceeded.',
  hint: 'run fewer clusters',
};
const lastFailure = defaultFailureConverter.errorToFailure(
  ApplicationFailure.create({ type: 'throttled', message: detail.message, details: [detail] }),
  defaultPayloadConverter,
);
const beat = (trouble: object | null) => ({
  payloads: toPayloads(defaultPayloadConverter, { progress: { sent: 'cmd-1' }, trouble }),
});

describe('what Temporal tries again', () => {
  it('is reported with attempt, cause and the time of the next try', async () => {
    const pending = {
      activityType: { name: 'launchInstance' },
      state: 1,
      attempt: 17,
      lastFailure,
      scheduledTime: at('2026-03-01T12:01:14Z'),
      lastAttemptCompleteTime: at('2026-03-01T12:01:00Z'),
    };
    expect(await retriesOf(described(pending), PLAIN)).toMatchObject([
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

  it('is what a running attempt tells in its heartbeats, before the failure of the attempt before it', async () => {
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
    expect(await retriesOf(described(pending), PLAIN)).toMatchObject([{ ...trouble, failures: 4, attempt: 2 }]);
  });

  it('names a worker that has died by the missing heartbeat', async () => {
    const timedOut = { message: 'activity Heartbeat timeout', timeoutFailureInfo: { timeoutType: 4 } };
    const pending = {
      activityType: { name: 'runOnNodes' },
      state: 1,
      attempt: 2,
      lastFailure: timedOut,
      scheduledTime: at('2026-03-01T12:00:00Z'),
    };
    expect(await retriesOf(described(pending), PLAIN)).toMatchObject([
      { code: 'ActivityTimedOut', class: 'transient' },
    ]);
  });

  it('is nothing while first attempts run well', async () => {
    const pending = { activityType: { name: 'runOnNodes' }, state: 2, attempt: 1, heartbeatDetails: beat(null) };
    expect(
      await retriesOf(described(pending, { activityType: { name: 'writeStatus' }, state: 1, attempt: 1 }), PLAIN),
    ).toEqual([]);
  });

  it('is read with the keys of the command, where failures and heartbeats are encrypted', async () => {
    // Prepare
    const codecs = [new AesCodec(new Map([['2026', randomBytes(32)]]))];
    const converter = {
      ...PLAIN,
      failureConverter: new DefaultFailureConverter({ encodeCommonAttributes: true }),
      payloadCodecs: codecs,
    };
    const error = ApplicationFailure.create({ type: 'throttled', message: detail.message, details: [detail] });
    const encrypted = await encodeErrorToFailure(converter, error);
    const heartbeat = await encodeToPayloads(converter, { trouble: { ...detail, failures: 1 } });
    const waiting = { activityType: { name: 'launchInstance' }, state: 1, attempt: 2, lastFailure: encrypted };
    const running = {
      activityType: { name: 'awaitInstance' },
      state: 2,
      attempt: 1,
      heartbeatDetails: { payloads: heartbeat },
    };
    // Act
    const retries = await retriesOf(described(waiting, running), converter);
    // Assess
    expect(encrypted.message).toBe('Encoded failure');
    expect(retries).toMatchObject([
      { activity: 'launchInstance', code: 'RequestLimitExceeded', message: detail.message },
      { activity: 'awaitInstance', message: detail.message },
    ]);
  });
});
