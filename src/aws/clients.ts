import { EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { type AccountRole, accountKey } from '../model/account-role.js';
import { assumedRole, type CredentialSource } from './assumed-role.js';
import { codeOf, httpStatusOf } from './error-code.js';
import { keepLatest } from './keep-latest.js';

/** Clients by region. The region comes with every activity's input, never from the memory of an earlier call. */
export interface AwsClients {
  /** Region of the worker's environment, where Keelson asks for the bucket and for the list of regions. */
  readonly homeRegion: string;
  ec2(region: string): EC2Client;
  ssm(region: string): SSMClient;
  s3(region: string): S3Client;
  sqs(region: string): SQSClient;
  /**
   * Returns clients of another account, by a role that they assume there. S3 and SQS stay those of this account: the bucket and the queue
   * are the worker's.
   *
   * @param subject in the name of the session, which CloudTrail of that account shows: a cluster, or a purpose of several
   */
  assume(account: AccountRole, subject: string): AwsClients;
  /** Closes idle connections. */
  destroy(): void;
}

export interface AwsClientsOptions {
  homeRegion: string;
  /** Keelson's version, for the user agent. */
  version: string;
  /** One address for all services, e.g. the local region's; by default AWS_ENDPOINT_URL, which the SDK reads itself. */
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** Milliseconds until an unanswered call is given up. Well below the activities' heartbeat and start-to-close time-outs. */
  requestTimeout?: number;
  /**
   * `temporal`, the default: one attempt a call, for activities, whose retries Temporal owns. `sdk`: as the AWS CLI, up to three attempts
   * with jittered back-off, or what AWS_MAX_ATTEMPTS and the profile say, for commands that people run. [docs: AWS SDKs, retry behaviour]
   */
  retries?: 'temporal' | 'sdk';
  /** Called when a request is signed and about to leave; an exception keeps it from leaving. */
  beforeSend?: () => void;
  /** Called after each call, for metrics. */
  onCall?: (call: AwsCall) => void;
}

/** A call as it has ended. */
export interface AwsCall {
  service: 'ec2' | 'ssm' | 's3' | 'sqs' | 'sts';
  /** As `DescribeInstances`. */
  action: string;
  region: string;
  /** Code of the error; null for a call that has succeeded. */
  code: string | null;
  httpStatus: number | undefined;
  ms: number;
}

/** How many sessions it keeps, each with its clients: more than a worker has activities at a time. */
const MOST_SESSIONS = 512;

/** Outermost, so that serialisation and signature count, too. */
const FIRST = { step: 'initialize', priority: 'high', name: 'keelsonOnCall' } as const;

/**
 * Without `info`: for its logger's `info` the SDK makes a copy of each request and answer, also when it drops what is logged. The
 * middleware asks whether there is one. [@aws-sdk/core: client, loggerMiddleware]
 */
const WITHOUT_INFO = {
  debug: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  // A cast, because the type wants `info`, which must be missing: see above.
} as unknown as NonNullable<EC2ClientConfig['logger']>;

/** Between signature and connection: nothing comes in between. */
const LAST = { step: 'deserialize', priority: 'low', name: 'keelsonBeforeSend' } as const;

/** Makes a client per service and region on first use and keeps it, with its connections. */
export function createAwsClients(options: AwsClientsOptions): AwsClients {
  const agent = { keepAlive: true, maxSockets: 64 };
  const endpoint = options.endpoint ?? process.env['AWS_ENDPOINT_URL'];
  const shared = {
    // Two layers of retries would multiply each other.
    ...(options.retries !== 'sdk' && { maxAttempts: 1 }),
    customUserAgent: `keelson/${options.version}`,
    logger: WITHOUT_INFO,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      connectionTimeout: 3_000,
      requestTimeout: options.requestTimeout ?? 20_000,
      throwOnRequestTimeout: true,
    },
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  };
  const guard =
    <A, R>(next: (args: A) => Promise<R>) =>
    (args: A): Promise<R> => {
      options.beforeSend?.();
      return next(args);
    };
  const timed =
    (service: AwsCall['service'], region: string) =>
    <A, R>(next: (args: A) => Promise<R>, { commandName = 'unknown' }: { commandName?: string }) =>
    async (args: A): Promise<R> => {
      const began = performance.now();
      const tell = (code: string | null, httpStatus?: number): void =>
        options.onCall?.({
          service,
          action: commandName.replace(/Command$/, ''),
          region,
          code,
          httpStatus,
          ms: performance.now() - began,
        });
      try {
        const answer = await next(args);
        tell(null);
        return answer;
      } catch (error) {
        tell(codeOf(error), httpStatusOf(error));
        throw error;
      }
    };
  // Clients of another account use the same connections: a dropped one leaves none open.
  const ec2In = (region: string, credentials?: CredentialSource): EC2Client => {
    const client = new EC2Client({
      ...shared,
      ...(credentials && { credentials, requestHandler: ec2.get(region).config.requestHandler }),
      region,
    });
    client.middlewareStack.add(timed('ec2', region), FIRST);
    client.middlewareStack.add(guard, LAST);
    return client;
  };
  const ssmIn = (region: string, credentials?: CredentialSource): SSMClient => {
    const client = new SSMClient({
      ...shared,
      ...(credentials && { credentials, requestHandler: ssm.get(region).config.requestHandler }),
      region,
    });
    client.middlewareStack.add(timed('ssm', region), FIRST);
    client.middlewareStack.add(guard, LAST);
    return client;
  };
  const ec2 = perRegion((region) => ec2In(region));
  const ssm = perRegion((region) => ssmIn(region));
  const sqs = perRegion((region) => {
    const client = new SQSClient({ ...shared, region });
    client.middlewareStack.add(timed('sqs', region), FIRST);
    client.middlewareStack.add(guard, LAST);
    return client;
  });
  // The region's own endpoint: its credentials also work in regions that are not enabled by default. [docs: STS, regional endpoints]
  const sts = perRegion((region) => {
    const client = new STSClient({ ...shared, region });
    client.middlewareStack.add(timed('sts', region), FIRST);
    client.middlewareStack.add(guard, LAST);
    return client;
  });
  // A custom address has no <bucket>.<host>: the bucket goes into the path.
  const s3 = perRegion((region) => {
    const client = new S3Client({
      ...shared,
      region,
      forcePathStyle: Boolean(endpoint),
      // By default the SDK puts the checksum of an empty body into every presigned PUT, which then refuses all other bodies.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    client.middlewareStack.add(timed('s3', region), FIRST);
    client.middlewareStack.add(guard, LAST);
    return client;
  });
  const own: AwsClients = {
    homeRegion: options.homeRegion,
    ec2: ec2.get,
    ssm: ssm.get,
    s3: s3.get,
    sqs: sqs.get,
    assume: keepLatest(
      MOST_SESSIONS,
      (account, subject) => `${accountKey(account)} ${subject}`,
      (account, subject) => {
        const credentials = assumedRole(sts.get(options.homeRegion), account, subject);
        const [ec2There, ssmThere] = [
          perRegion((region) => ec2In(region, credentials)),
          perRegion((region) => ssmIn(region, credentials)),
        ];
        return { ...own, ec2: ec2There.get, ssm: ssmThere.get, destroy: () => undefined };
      },
    ),
    destroy: () => {
      for (const cache of [ec2, ssm, s3, sqs, sts]) cache.destroy();
    },
  };
  return own;
}

function perRegion<C extends { destroy(): void }>(make: (region: string) => C) {
  const clients = new Map<string, C>();
  return {
    get: (region: string): C => {
      const client = clients.get(region) ?? make(region);
      clients.set(region, client);
      return client;
    },
    destroy: (): void => {
      for (const client of clients.values()) client.destroy();
      clients.clear();
    },
  };
}
