import { Client, Connection } from '@temporalio/client';
import type { ClientEnvironment } from '../../config/environment.js';
import { CliError, EXIT } from '../exit.js';

const CONNECT_MS = 5_000;

/**
 * Connects to Temporal.
 *
 * @throws CliError `unreachable` that names the address
 */
export async function connect({ temporal }: ClientEnvironment): Promise<Client> {
  try {
    const connection = await Connection.connect({ ...temporal.connectionOptions, connectTimeout: CONNECT_MS });
    return new Client({ connection, namespace: temporal.namespace });
  } catch (error) {
    throw new CliError(
      EXIT.unreachable,
      `Temporal does not answer at ${temporal.address}: ${error instanceof Error ? error.message : String(error)}`,
      'start a server (npm run local), or set TEMPORAL_ADDRESS',
      { cause: error },
    );
  }
}
