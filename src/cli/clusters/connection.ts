import { Client, Connection } from '@temporalio/client';
import type { ClientEnvironment } from '../../config/environment.js';
import { payloadCodecs } from '../../temporal/codec.js';
import { CliError, EXIT } from '../exit.js';
import { INTERCEPTORS } from './interceptors.js';
import { refusalOf } from './probe.js';

const CONNECT_MS = 5_000;

/**
 * Connects to Temporal.
 *
 * @param hasProxy whether gRPC uses a proxy, so that the address itself may be unreachable from here
 * @throws CliError `unreachable` that names the address
 */
export async function connect({ temporal, payloadKeys }: ClientEnvironment, hasProxy: boolean): Promise<Client> {
  const { address, namespace, connectionOptions } = temporal;
  const refusal = hasProxy ? null : await refusalOf(address);
  if (refusal !== null) throw unreachable(address, refusal);
  try {
    const connection = await Connection.connect({
      ...connectionOptions,
      connectTimeout: CONNECT_MS,
      interceptors: INTERCEPTORS,
    });
    return new Client({ connection, namespace, dataConverter: { payloadCodecs: payloadCodecs(payloadKeys) } });
  } catch (error) {
    throw unreachable(address, error instanceof Error ? error.message : String(error), error);
  }
}

const unreachable = (address: string, why: string, cause?: unknown): CliError =>
  new CliError(
    EXIT.unreachable,
    `Temporal does not answer at ${address}: ${why}`,
    'start a server (npm run local), or set TEMPORAL_ADDRESS',
    { cause },
  );
