import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import type { Activities, Scope } from '../../../src/activities/api.js';
import { createActivities } from '../../../src/activities/index.js';
import { type AwsClients, createAwsClients } from '../../../src/aws/clients.js';

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

export function activitiesFor(clients: AwsClients, bucket = BUCKET): Activities {
  const logger = pino({ level: 'silent' });
  return createActivities({ clients, bucket, logger, defaultInstanceProfile: 'keelson-node', mirrors: null, tick: 20 });
}

/** Runs an activity the way a worker does, with a context of its own. */
export function run<I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> {
  const info = { attempt: 1, scheduledTimestampMs: Date.now() };
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') }).run(activity, input);
}

export function scopeFor(cluster: string): Scope {
  return { region: REGION, cluster, uid: `uid-${cluster}`, operation: 'op-1', traceId: 'trace-1' };
}
