import { join } from 'node:path';
import type { Bucket } from '../aws/bucket.js';
import type { AwsClients } from '../aws/clients.js';
import { ENV_FILE, readEnvFile } from '../config/env-file.js';
import { type ClientEnvironment, type Env, readClientEnvironment, regionOfSdk } from '../config/environment.js';
import { localEnvironment } from '../config/local-env.js';
import { packageVersion } from '../config/version.js';
import type { MirrorPolicy } from '../mirror/policy.js';
import type { PayloadKeys } from '../temporal/codec.js';
import type { Clusters } from './clusters/clusters.js';
import { CliError, EXIT } from './exit.js';
import { type Io, say } from './io.js';

/** Tools of a command; connections are made on first use, and closed with the session. */
export interface Session {
  io: Io;
  clusters(): Promise<Clusters>;
  bucket(): Promise<Bucket>;
  /** Returns the id of the installation that the environment names, or null. */
  installation(): string | null;
  /** Returns the site's own K3s mirror, or null. */
  k3sMirror(): string | null;
  /** Returns the operator's rules for mirrors, from the environment. */
  mirrors(): MirrorPolicy;
  /** URL of the dead-letter queue. @throws CliError when the environment does not name it */
  deadLettersQueue(): string;
  /** Keys for the encryption of payloads, or null. */
  payloadKeys(): PayloadKeys | null;
  /** Returns which installation the environment names. */
  context(): { address: string; namespace: string; bucket: string | null };
  /** Clients with the user's own credentials. */
  aws(): Promise<AwsClients>;
  close(): Promise<void>;
}

export function openSession(io: Io): Session {
  const env = withLocalStack(io);
  let settings: ClientEnvironment | undefined;
  const environment = (): ClientEnvironment => (settings ??= readClientEnvironment(env));
  let clusters: Promise<Clusters> | undefined;
  const closers: (() => void)[] = [];
  const aws = async (): Promise<AwsClients> => {
    const { createAwsClients } = await import('../aws/clients.js');
    applyAwsVariables(env);
    const homeRegion = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || (await regionOfSdk());
    if (!homeRegion)
      throw new CliError(EXIT.invalid, 'no AWS region is set', 'set AWS_REGION to the region of the bucket');
    const clients = createAwsClients({ homeRegion, version: packageVersion(), retries: 'sdk' });
    closers.push(() => clients.destroy());
    return clients;
  };
  return {
    io,
    clusters: () =>
      (clusters ??= (async () => {
        const read = environment();
        const [{ connect }, { Clusters }] = await Promise.all([
          import('./clusters/connection.js'),
          import('./clusters/clusters.js'),
        ]);
        return new Clusters(await connect(read, hasProxy(env)), read.taskQueue);
      })()),
    bucket: async () => {
      const { bucket: name } = environment();
      if (name === null)
        throw new CliError(
          EXIT.invalid,
          'KEELSON_BUCKET is not set',
          'set it to the name of the bucket that holds the clusters',
        );
      const { createBucket } = await import('../aws/bucket.js');
      return createBucket(await aws(), name);
    },
    aws,
    context: () => {
      const { temporal, bucket } = environment();
      return { address: temporal.address, namespace: temporal.namespace, bucket };
    },
    installation: () => environment().installation,
    payloadKeys: () => environment().payloadKeys,
    k3sMirror: () => environment().k3sMirror,
    mirrors: () => ({ allowed: environment().allowedMirrors, site: environment().k3sMirror }),
    deadLettersQueue: () => {
      const { deadLettersQueueUrl: url } = environment();
      if (url !== null) return url;
      const hint = 'set it to the output DeadLettersQueueUrl of the CloudFormation stack';
      throw new CliError(EXIT.invalid, 'KEELSON_DEAD_LETTERS_QUEUE_URL is not set', hint);
    },
    close: async () => {
      for (const end of closers) end();
      await (await clusters?.catch(() => undefined))?.close();
    },
  };
}

/** Without an environment of the person's, the commands use the local stack that runs in this folder. */
function withLocalStack(io: Io): Env {
  const { env, cwd } = io;
  if (env['TEMPORAL_ADDRESS'] || env['KEELSON_BUCKET'] || env['AWS_ENDPOINT_URL'] || env['TEMPORAL_PROFILE'])
    return env;
  const variables = readEnvFile(join(cwd, ENV_FILE), (line) => say(io, line));
  return variables === null ? env : localEnvironment(env, variables);
}

/** Returns the variables that grpc-js reads. [grpc-node: environment variables] */
const hasProxy = (env: Env): boolean => ['grpc_proxy', 'https_proxy', 'http_proxy'].some((name) => Boolean(env[name]));

/** The AWS SDK reads the process's own environment. */
function applyAwsVariables(env: Env): void {
  for (const name of Object.keys(process.env))
    if (name.startsWith('AWS_') && env[name] === undefined) delete process.env[name];
  for (const [name, value] of Object.entries(env))
    if (name.startsWith('AWS_') && value !== undefined) process.env[name] = value;
}
