import { IllegalStateError } from '@temporalio/common';
import { DefaultLogger, Runtime } from '@temporalio/worker';

/**
 * Installs a runtime of the SDK that says nothing but errors. It ends with the last connection or worker; where a file before this one has left one open, its
 * runtime is the same. [@temporalio/worker 1.24: runtime.ts, shutdownIfIdle]
 */
export function installQuietRuntime(): void {
  try {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
    });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}
