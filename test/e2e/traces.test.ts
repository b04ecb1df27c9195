import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { type OtlpReceiver, type OtlpSpan, receiveOtlp } from '../support/otlp-receiver.js';
import { openStackFixture, type StackFixture } from './fixture.js';

let receiver: OtlpReceiver;
let fixture: StackFixture;
beforeAll(async () => {
  receiver = await receiveOtlp();
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '500',
  };
  fixture = await openStackFixture({ env });
});
afterAll(async () => {
  await fixture?.close();
  await receiver?.close();
});

const attribute = ({ attributes }: OtlpSpan, key: string): string | undefined =>
  attributes.find((one) => one.key === key)?.value.stringValue;

describe('the trace of a create', () => {
  it('reaches a collector: the operation, its steps, their activities and the calls to AWS of these', async () => {
    // Act
    const ran = await fixture.keelson('apply', '-f', fixture.document('traced'), '--wait', '-o', 'json');
    const { status } = JSON.parse(ran.stdout) as { status: StatusView };
    const [create] = status.operations;
    const root = () => receiver.spans().find((one) => one.name === 'create traced');
    await expect.poll(root).toBeDefined();
    // An activity's span is sent when it has ended, after those of its calls: a step waits for it, the write of status.yaml may end after the operation.
    const own = () => receiver.spans().filter(({ traceId }) => traceId === create?.traceId);
    const hanging = () => {
      const ids = own().map(({ spanId }) => spanId);
      return own().filter(({ parentSpanId }) => parentSpanId && !ids.includes(parentSpanId));
    };
    await expect.poll(hanging).toEqual([]);
    const spans = own();

    // Assess: one trace, under the id that logs and the status have
    expect(ran.code).toBe(0);
    expect(root()).toMatchObject({ traceId: create?.traceId });
    expect(root()?.parentSpanId ?? '').toBe('');
    expect(readFileSync(join(fixture.folder, 'stack', 'worker.log'), 'utf8')).toContain(create?.traceId ?? 'none');
    expect(receiver.services()).toContain('keelson');
    const childrenOf = ({ spanId }: OtlpSpan) => spans.filter(({ parentSpanId }) => parentSpanId === spanId);
    const steps = childrenOf(root() as OtlpSpan).filter((one) => attribute(one, 'keelson.outcome') !== undefined);
    expect(steps.map(({ name }) => name)).toEqual(expect.arrayContaining(create?.steps.map(({ id }) => id) ?? ['?']));
    const launch = steps.find(({ name }) => name === 'launch:server-0') as OtlpSpan;
    expect(attribute(launch, 'keelson.slot')).toBe('server-0');
    const activity = childrenOf(launch).find(({ name }) => name === 'launchInstance') as OtlpSpan;
    expect(childrenOf(activity).map(({ name }) => name)).toContain('ec2.RunInstances');
    expect(BigInt(activity.startTimeUnixNano) >= BigInt(launch.startTimeUnixNano) - 5_000_000n).toBe(true);
    expect(launch.endTimeUnixNano > launch.startTimeUnixNano).toBe(true);
    // Each id once.
    const ids = spans.map(({ spanId }) => spanId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is another one than that of the operation after it, and tells of what has failed', async () => {
    // Prepare
    const error = { code: 'UnauthorizedOperation', status: 403 };
    const fault = { id: 'no-stop', service: 'ec2', action: 'StopInstances', times: 1, error };
    await fixture.region('faults', { method: 'POST', body: JSON.stringify([fault]) });

    // Act
    await fixture.keelson('stop', 'traced', '--wait');
    const failed = () => receiver.spans().find(({ status }) => status.message?.includes('UnauthorizedOperation'));
    await expect.poll(failed).toBeDefined();

    // Assess
    expect(failed()?.status.code).toBe(2);
    expect(failed()?.traceId).not.toBe(receiver.spans().find((one) => one.name === 'create traced')?.traceId);
  });
});
