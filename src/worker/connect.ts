import { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { TemporalSettings } from '../config/temporal.js';

/** In a composition of containers the server may come up after the worker. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1_000;

/**
 * Connects, and waits a while for a server that is still starting.
 *
 * @throws the last connection error when the server has not answered within a minute
 */
export async function connectPatiently(
  temporal: TemporalSettings,
  logger: Logger,
  patienceMs = PATIENCE_MS,
): Promise<NativeConnection> {
  const deadline = Date.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await NativeConnection.connect(temporal.connectionOptions);
    } catch (error) {
      if (Date.now() + PAUSE_MS > deadline) throw error;
      if (attempt === 1) logger.warn({ address: temporal.address }, 'Temporal does not answer yet; waiting for it');
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
