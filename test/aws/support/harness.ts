import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import type { Activities, ErrorDetail, Scope } from '../../../src/activities/api.js';
import { createActivities } from '../../../src/activities/index.js';
import { type AwsClients, createAwsClients } from '../../../src/aws/clients.js';
import type { ClusterDocument } from '../../../src/model/spec/schema.js';
import { clusterSchema } from '../../../src/model/spec/schema.js';

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

export function activitiesFor(clients: AwsClients, bucket = BUCKET): Activities {
  const logger = pino({ level: 'silent' });
  return createActivities({ clients, bucket, logger, defaultInstanceProfile: 'keelson-node', tick: 20 });
}

/** Runs an activity the way a worker does, with a context of its own. */
export function run<I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> {
  const info = { attempt: 1, scheduledTimestampMs: Date.now() };
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') }).run(activity, input);
}

export function scopeFor(cluster: string): Scope {
  return { region: REGION, cluster, uid: `uid-${cluster}`, operation: 'op-1', traceId: 'trace-1' };
}

/** A document for an existing region; `spec` is laid over a small one. */
export function documentWith(spec: Record<string, unknown>, name = 'shop'): ClusterDocument {
  return clusterSchema.parse({
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name },
    spec: {
      region: REGION,
      mode: 'dev',
      servers: { instanceType: 't3.medium' },
      k3s: { version: 'v1.34.2+k3s1', mirror: 'http://127.0.0.1:9' },
      ...spec,
    },
  });
}

/** The detail that a failing activity carries. */
export async function detailOf(promise: Promise<unknown>): Promise<ErrorDetail> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApplicationFailure))
    throw new Error('it did not fail with an ApplicationFailure', { cause: error });
  return error.details?.[0] as ErrorDetail;
}
