import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { pino } from 'pino';
import { vi } from 'vitest';
import type { Activities, CallContext, ErrorDetail, LaunchInput } from '#src/activities/api.js';
import type { Fence } from '#src/activities/fence.js';
import { type ActivitiesOptions, createActivities } from '#src/activities/index.js';
import type { WorkflowNotifier } from '#src/activities/watch/workflow-notifier.js';
import { clientTokenOf } from '#src/aws/client-token.js';
import { type AwsClients, createAwsClients } from '#src/aws/clients.js';
import type { InstallationSource } from '#src/aws/installation.js';
import { type ClusterDocument, clusterSchema } from '#src/model/spec/schema.js';
import type { Owner } from '#src/model/tags.js';
import type { Installation } from '#src/model/trust/installation.js';

export const scope: CallContext = {
  region: 'eu-west-1',
  cluster: 'shop',
  uid: 'uid-1',
  operation: 'op-1',
  traceId: 'trace-1',
};

export const installation: Installation = { id: 'inst-1', key: new Uint8Array(32).fill(7) };

/** Whose the resources of `scope` are. */
export const owner: Owner = { installation: installation.id, cluster: scope.cluster, uid: scope.uid };

/** ClientToken of an instance of `scope` in a slot. */
export const tokenOf = (slot: string, generation: number): string =>
  clientTokenOf(installation, { ...owner, slot, generation }, 'a request');

/** The SDK's own clients, for aws-sdk-client-mock: what it does not answer goes to a port where nothing listens. */
export const testClients = (): AwsClients =>
  createAwsClients({
    homeRegion: 'eu-west-1',
    version: 'test',
    endpoint: 'http://127.0.0.1:9',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });

/** Activities over the SDK's own clients, whose `send` aws-sdk-client-mock answers. */
export function makeActivities(
  options: {
    instanceProfile?: string | null;
    log?: string[];
    workflowNotifier?: WorkflowNotifier;
    fence?: Fence;
    installation?: InstallationSource;
    events?: ActivitiesOptions['events'];
  } = {},
): Activities {
  const clients = testClients();
  const write = (line: string): void => void options.log?.push(line);
  const logger = pino({ level: options.log === undefined ? 'silent' : 'debug' }, { write });
  const defaultInstanceProfile = options.instanceProfile === undefined ? 'keelson-node' : options.instanceProfile;
  const { workflowNotifier, fence, events, installation: source = async () => installation } = options;
  const others = {
    ...(workflowNotifier !== undefined && { workflowNotifier }),
    ...(fence !== undefined && { fence }),
    ...(events !== undefined && { events }),
  };
  const fixed = { bucket: 'ops', installation: source, mirrors: null, tick: 500 };
  return createActivities({ clients, logger, defaultInstanceProfile, ...fixed, ...others });
}

export interface Started<O> {
  result: Promise<O>;
  environment: MockActivityEnvironment;
  /** What the next attempt would find. */
  heartbeats: unknown[];
  /** What people are told meanwhile. */
  troubles: unknown[];
}

/** Starts an activity in a context of its own, with a heartbeat time-out of 8 s; `info` tells of earlier attempts. */
export function start<I, O>(
  activity: (input: I) => Promise<O>,
  input: I,
  info: {
    attempt?: number;
    heartbeatDetails?: unknown;
    scheduledTimestampMs?: number;
    currentAttemptScheduledTimestampMs?: number;
    heartbeatTimeoutMs?: number;
  } = {},
): Started<O> {
  const environment = new MockActivityEnvironment(
    {
      attempt: 1,
      scheduledTimestampMs: Date.now(),
      currentAttemptScheduledTimestampMs: Date.now(),
      heartbeatTimeoutMs: 8_000,
      ...info,
      ...('heartbeatDetails' in info && { heartbeatDetails: { progress: info.heartbeatDetails, trouble: null } }),
    },
    { logger: new DefaultLogger('ERROR') },
  );
  const heartbeats: unknown[] = [];
  const troubles: unknown[] = [];
  environment.on('heartbeat', (details: { progress: unknown; trouble: unknown }) => {
    heartbeats.push(structuredClone(details.progress));
    troubles.push(structuredClone(details.trouble));
  });
  const result = environment.run<[I], O, (input: I) => Promise<O>>(activity, input);
  result.catch(() => undefined);
  return { result, environment, heartbeats, troubles };
}

/** Lets faked time pass until the promise has settled. */
export async function settled<T>(promise: Promise<T>): Promise<T> {
  let done = false;
  const end = (): void => {
    done = true;
  };
  promise.then(end, end);
  for (let passed = 0; !done; passed += 100) {
    if (passed > 3_600_000) throw new Error('not settled within an hour of faked time');
    await vi.advanceTimersByTimeAsync(100);
  }
  return promise;
}

export async function failureOf(promise: Promise<unknown>): Promise<ErrorDetail & { nonRetryable: boolean }> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApplicationFailure))
    throw new Error('it did not fail with an ApplicationFailure', { cause: error });
  return { ...(error.details?.[0] as ErrorDetail), nonRetryable: error.nonRetryable ?? false };
}

/** What the SDK throws for an error answer. */
export function awsError(name: string, message = name, status = 400): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode: status } });
}

export const launchInput: LaunchInput = {
  ...scope,
  slot: 'server-0',
  generation: 1,
  nodeName: 'shop-server-0-g1',
  launch: {
    subnetId: 'subnet-a',
    instanceType: 't3.medium',
    imageId: 'ami-1',
    rootDeviceName: '/dev/xvda',
    rootVolume: { sizeGiB: 30, type: 'gp3', encrypted: true },
    securityGroupIds: ['sg-1'],
    instanceProfile: null,
    publicIp: true,
    metadataHopLimit: 1,
    userDataId: 'ud',
  },
  userData: '#!/bin/bash\n',
  tags: {},
};

export function documentWith(spec: Record<string, unknown> = {}): ClusterDocument {
  return clusterSchema.parse({
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name: 'shop' },
    spec: {
      region: 'eu-west-1',
      mode: 'dev',
      servers: { instanceType: 't3.medium' },
      k3s: { version: 'v1.34.2+k3s1', mirror: 'http://127.0.0.1:9' },
      ...spec,
    },
  });
}
