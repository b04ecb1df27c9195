import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';

/** How to reach Temporal; `connectionOptions` fits the worker's native connection and the client's. */
export interface TemporalSettings {
  address: string;
  namespace: string;
  connectionOptions: ClientConnectConfig['connectionOptions'];
}

/** The SDK's own default, said aloud so that error messages can name it. */
const DEFAULT_ADDRESS = '127.0.0.1:7233';

/**
 * Reads TEMPORAL_* and the profiles of Temporal's configuration file, as every Temporal tool does.
 *
 * @throws Error when the file, the profile or a certificate cannot be read
 */
export function readTemporal(env: Readonly<Record<string, string | undefined>>): TemporalSettings {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => Boolean(pair[1])),
  );
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars });
  const address = connectionOptions.address ?? DEFAULT_ADDRESS;
  return { address, namespace: namespace ?? 'default', connectionOptions: { ...connectionOptions, address } };
}
