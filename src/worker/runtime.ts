import { type MetricsExporterConfig, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { WorkerEnvironment } from '../config/environment.js';
import { temporalLogger } from './logging.js';

/** Seconds. A call to AWS takes milliseconds, a create minutes, a rolling change of many nodes hours. */
const BUCKETS = {
  keelson_aws_call_duration: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
  keelson_step_duration: [0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1_800],
  keelson_operation_duration: [5, 10, 20, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600, 7_200],
};

/**
 * Installs the one runtime of the process: logs through the worker's logger; metrics for Prometheus if there is an address, else to an OTLP
 * collector.
 */
export function installRuntime(logger: Logger, environment: WorkerEnvironment): void {
  const metrics = exporterOf(environment);
  Runtime.install({
    logger: temporalLogger(logger, environment.logLevel),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }) },
      ...(metrics !== null && { metrics }),
    },
  });
}

/** The SDK has one exporter a process; the address for Prometheus is the more explicit setting. */
function exporterOf({ metricsAddress, otlpMetrics }: WorkerEnvironment): MetricsExporterConfig | null {
  if (metricsAddress !== null)
    return {
      prometheus: {
        bindAddress: metricsAddress,
        countersTotalSuffix: true,
        unitSuffix: true,
        useSecondsForDurations: true,
        histogramBucketOverrides: BUCKETS,
      },
    };
  if (otlpMetrics === null) return null;
  const { url, http, headers, intervalMs } = otlpMetrics;
  return {
    otel: {
      url,
      http,
      headers,
      metricsExportInterval: intervalMs,
      useSecondsForDurations: true,
      histogramBucketOverrides: BUCKETS,
    },
  };
}
