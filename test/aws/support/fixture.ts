import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import type { Activities, CallContext } from '#src/activities/api.js';
import { createActivities } from '#src/activities/index.js';
import { createBucket } from '#src/aws/bucket.js';
import { type AwsClients, createAwsClients } from '#src/aws/clients.js';
import { type InstallationSource, installationOf } from '#src/aws/installation.js';
import { STACK_GUID } from '../../../packages/aws-simulator/src/credentials.js';

export { documentWith, failureOf } from '../../unit/activities/support.js';

export const REGION = 'eu-west-1';
export const BUCKET = 'keelson-test';

export function clientsFor(endpoint: string): AwsClients {
  return createAwsClients({
    homeRegion: REGION,
    version: 'test',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}

/** Makes the bucket of the installation, as the operator of an account does before the first cluster. */
export async function makeBucket(clients: AwsClients): Promise<void> {
  const CreateBucketConfiguration = { LocationConstraint: REGION } as const;
  await clients.s3(REGION).send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration }));
}

/** The installation of the simulator's stack. */
export const installationFor = (clients: AwsClients, bucket = BUCKET): InstallationSource =>
  installationOf(createBucket(clients, bucket), STACK_GUID);

export function activitiesFor(clients: AwsClients, bucket = BUCKET): Activities {
  const logger = pino({ level: 'silent' });
  const installation = installationFor(clients, bucket);
  return createActivities({
    clients,
    bucket,
    installation,
    logger,
    defaultInstanceProfile: 'keelson-node',
    mirrors: null,
    tick: 20,
  });
}

/** Runs an activity the way a worker does, with a context of its own. */
export function run<I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> {
  const info = { attempt: 1, scheduledTimestampMs: Date.now() };
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') }).run(activity, input);
}

export function scopeFor(cluster: string): CallContext {
  return { region: REGION, cluster, uid: `uid-${cluster}`, operation: 'op-1', traceId: 'trace-1' };
}
