import { describe, expect, it } from 'vitest';
import { otlpMetricsOf } from '#src/config/otlp.js';

describe('the standard variables of OTLP', () => {
  it.each([
    { env: {}, settings: null },
    {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/' },
      settings: { url: 'http://c:4318/v1/metrics', http: true },
    },
    {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      settings: { url: 'http://c:4317', http: false },
    },
    {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m/in' },
      settings: { url: 'http://m/in' },
    },
    {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20x, tenant=a',
        OTEL_METRIC_EXPORT_INTERVAL: '5000',
      },
      settings: { headers: { authorization: 'Bearer x', tenant: 'a' }, intervalMs: 5_000 },
    },
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_METRICS_EXPORTER: 'none' }, settings: null },
    { env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'true' }, settings: null },
  ])('$env', ({ env, settings }) => {
    const read = otlpMetricsOf(env);
    if (settings === null) expect(read).toBeNull();
    else expect(read).toMatchObject(settings);
  });
});
