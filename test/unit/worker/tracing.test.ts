import pino from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { otlpTracesOf } from '#src/config/otlp.js';
import type { EndedSpan } from '#src/model/spans.js';
import { createTracing, NO_TRACING } from '#src/worker/tracing/index.js';
import { createProvider } from '#src/worker/tracing/provider.js';
import { receiveOtlp } from '../../support/otlp-receiver.js';

afterEach(() => vi.unstubAllEnvs());

const SPAN: EndedSpan = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  parentId: null,
  name: 'create shop',
  startedAt: '2026-03-01T12:00:00.000Z',
  endedAt: '2026-03-01T12:00:30.000Z',
  attributes: { 'keelson.cluster': 'shop' },
  error: { code: 'TypeUnknown', message: 'no such type; token=K10abc::server:secret' },
};

describe('traces', () => {
  it.each([
    ['http/json', 'application/json'],
    ['http/protobuf', 'application/x-protobuf'],
  ] as const)(
    'are sent as %s to the endpoint of the standard variables, with the ids that were given',
    async (protocol, type) => {
      // Prepare
      const receiver = await receiveOtlp();
      vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
      const tracing = createTracing(createProvider(protocol, '1.0.0', pino({ level: 'silent' })));

      // Act
      await tracing.sinks.spans.ended.fn(undefined as never, SPAN);
      await tracing.close();

      // Assess
      const [sent] = receiver.bodies;
      expect(sent?.type).toBe(type);
      const id = protocol === 'http/json' ? Buffer.from(SPAN.traceId) : Buffer.from(SPAN.traceId, 'hex');
      expect(sent?.body.includes(id)).toBe(true);
      expect(sent?.body.includes('K10abc')).toBe(false);
      if (protocol === 'http/json')
        expect(receiver.spans()).toMatchObject([
          { name: 'create shop', spanId: SPAN.spanId, status: { code: 2 }, endTimeUnixNano: '1772366430000000000' },
        ]);
      await receiver.close();
    },
  );

  it.each([
    { env: {}, protocol: null },
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, protocol: 'http/protobuf' },
    { env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, protocol: 'grpc' },
    { env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c' }, protocol: null },
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none' }, protocol: null },
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'true' }, protocol: null },
  ])('with $env go by $protocol', ({ env, protocol }) => {
    expect(otlpTracesOf(env)).toBe(protocol);
  });

  it('of a worker without a collector are dropped, so that workflows need not know', () => {
    expect(() => NO_TRACING.sinks.spans.ended.fn(undefined as never, SPAN)).not.toThrow();
  });
});
