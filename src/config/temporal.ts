import { isIPv6 } from 'node:net';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';

/** How to reach Temporal; `connectionOptions` fits the worker's native connection and the client's. */
export interface TemporalSettings {
  address: string;
  namespace: string;
  connectionOptions: ClientConnectConfig['connectionOptions'];
}

/** The SDK's own default, explicit so that error messages can name it. */
const DEFAULT_ADDRESS = '127.0.0.1:7233';

/**
 * Reads TEMPORAL_* and the profiles of Temporal's configuration file, as every Temporal tool does.
 *
 * @throws Error when the file, the profile or a certificate is unreadable, and for an invalid address
 */
export function readTemporal(env: Readonly<Record<string, string | undefined>>): TemporalSettings {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => Boolean(pair[1])),
  );
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars });
  const address = connectionOptions.address ?? DEFAULT_ADDRESS;
  if (!isAddress(address))
    throw new Error(`the address ${JSON.stringify(address)} is not HOST:PORT, such as ${DEFAULT_ADDRESS}`);
  return { address, namespace: namespace ?? 'default', connectionOptions: { ...connectionOptions, address } };
}

/** Checks a host with or without a port; the SDK adds 7233. It would pass anything else on to the name resolver. */
function isAddress(address: string): boolean {
  if (isIPv6(address)) return true;
  const parts = /^(?:\[[\da-fA-F:]+\]|[^:/\s]+)(?::(\d{1,5}))?$/.exec(address);
  const port = Number(parts?.[1] ?? 7_233);
  return parts !== null && port >= 1 && port <= 65_535;
}
