import { DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type IdGenerator,
  RandomIdGenerator,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import type { OtlpProtocol } from '../../config/otlp.js';

/** Makes spans with given ids: logs contain the ids of operations and steps. */
export class GivenIds implements IdGenerator {
  private given: { traceId: string; spanId: string } | null = null;
  private readonly random = new RandomIdGenerator();

  /** For the one span that `make` starts. */
  with<T>(ids: { traceId: string; spanId: string }, make: () => T): T {
    this.given = ids;
    try {
      return make();
    } finally {
      this.given = null;
    }
  }

  generateTraceId(): string {
    return this.given?.traceId ?? this.random.generateTraceId();
  }

  generateSpanId(): string {
    return this.given?.spanId ?? this.random.generateSpanId();
  }
}

export interface Provider {
  tracer: Tracer;
  ids: GivenIds;
  /** Sends the rest. */
  close(): Promise<void>;
}

/** The libraries read endpoint, headers, time-outs, batches and resource from the standard variables. */
export function createProvider(protocol: OtlpProtocol, version: string, logger: Logger): Provider {
  const warn = (message: string): void => logger.warn({ component: 'opentelemetry' }, message);
  const silent = (): void => undefined;
  // A collector without an answer is reported, and holds up nothing.
  diag.setLogger({ error: warn, warn, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN);
  const ids = new GivenIds();
  const provider = new BasicTracerProvider({
    idGenerator: ids,
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'keelson', 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporterOf(protocol))],
  });
  return { tracer: provider.getTracer('keelson', version), ids, close: () => provider.shutdown() };
}

function exporterOf(protocol: OtlpProtocol): SpanExporter {
  if (protocol === 'grpc') return new GrpcExporter();
  return protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
}
