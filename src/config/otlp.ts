import type { Env } from './env.js';

/** Receiver of metrics. */
export interface OtlpSettings {
  url: string;
  /** OTLP over HTTP; else gRPC. */
  http: boolean;
  headers: Record<string, string>;
  intervalMs: number;
}

/**
 * Returns the standard variables: OTEL_EXPORTER_OTLP[_METRICS]_ENDPOINT, _PROTOCOL (http/protobuf or grpc), _HEADERS, and OTEL_METRIC_EXPORT_INTERVAL.
 * [OpenTelemetry specification: OTLP exporter]
 */
export function otlpMetricsOf(env: Env): OtlpSettings | null {
  const read = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_METRICS_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || undefined;
  const endpoint = read('ENDPOINT');
  if (endpoint === undefined || env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_METRICS_EXPORTER'] === 'none')
    return null;
  // The specification's default.
  const http = (read('PROTOCOL') ?? 'http/protobuf').startsWith('http');
  const isWhole = env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] || !http;
  return {
    url: isWhole ? endpoint : `${endpoint.replace(/\/$/, '')}/v1/metrics`,
    http,
    headers: headersOf(read('HEADERS') ?? ''),
    intervalMs: Number(env['OTEL_METRIC_EXPORT_INTERVAL']) || 60_000,
  };
}

export type OtlpProtocol = 'http/protobuf' | 'http/json' | 'grpc';

/**
 * Returns how to send traces, or null for not at all: OTEL_EXPORTER_OTLP[_TRACES]_ENDPOINT switches them on, _PROTOCOL says how. The
 * exporter reads the rest. [OpenTelemetry specification: OTLP exporter, general SDK configuration]
 */
export function otlpTracesOf(env: Env): OtlpProtocol | null {
  const read = (name: string): string | undefined =>
    env[`OTEL_EXPORTER_OTLP_TRACES_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || undefined;
  if (read('ENDPOINT') === undefined || env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none')
    return null;
  const protocol = read('PROTOCOL');
  return protocol === 'grpc' || protocol === 'http/json' ? protocol : 'http/protobuf';
}

/** `name=value,other=value`, percent-encoded. */
function headersOf(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('='));
  return Object.fromEntries(
    pairs.flatMap(([name, ...value]) =>
      name?.trim() ? [[name.trim(), decodeURIComponent(value.join('=').trim())]] : [],
    ),
  );
}
