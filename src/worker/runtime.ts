import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { WorkerEnvironment } from '../config/environment.js';
import { temporalLogger } from './logging.js';

/** One runtime a process: logs through our logger, metrics for Prometheus where an address is given. */
export function installRuntime(logger: Logger, environment: WorkerEnvironment): void {
  const { metricsAddress, logLevel } = environment;
  Runtime.install({
    logger: temporalLogger(logger, logLevel),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }) },
      ...(metricsAddress === null
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metricsAddress,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
  });
}
