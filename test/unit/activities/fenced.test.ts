import { DescribeInstancesCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Activities } from '#src/activities/api.js';
import { Fence } from '#src/activities/fence.js';
import { failureOf, makeActivities, scope, start, tokenOf } from './support.js';

const ec2 = mockClient(EC2Client);
const ssm = mockClient(SSMClient);
let activities: Activities;

const instance: Instance = {
  InstanceId: 'i-1',
  InstanceType: 't3.medium',
  State: { Name: 'pending' },
  ClientToken: tokenOf('server-0', 1),
};

beforeEach(() => {
  vi.useFakeTimers();
  const fence = new Fence();
  fence.watch();
  activities = makeActivities({ fence });
  ec2.onAnyCommand().resolves({});
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: [instance] }] });
  ssm.on(DescribeInstanceInformationCommand).resolves({});
  ssm.on(SendCommandCommand).resolves({ Command: { CommandId: 'cmd' } });
  ssm.on(ListCommandsCommand).resolves({ Commands: [{ Status: 'Success', TargetCount: 1, CompletedCount: 1 }] });
  ssm.on(GetCommandInvocationCommand).resolves({ Status: 'InProgress' });
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
  ssm.reset();
});

const job = { jobId: 'job-1', script: 'verify', params: {}, presign: {}, timeoutSeconds: 60 };

/** Every activity that goes on until something has come about. */
const LOOPS: Record<string, () => Promise<unknown>> = {
  watchRegion: () =>
    start(activities.watchRegion, { region: 'eu-west-1', operation: 'watch', traceId: 't', digests: null, told: null })
      .result,
  awaitInstance: () =>
    start(activities.awaitInstance, { ...scope, instanceId: 'i-1', until: 'agent-online' as const }).result,
  runOnNodes: () => start(activities.runOnNodes, { ...scope, ...job, instanceIds: ['i-1'] }).result,
  sweep: () => start(activities.sweep, scope).result,
  terminateInstances: () => start(activities.terminateInstances, { ...scope, instanceIds: ['i-1'] }).result,
};

describe('an activity that was under way when the worker was suspended', () => {
  test.each(Object.keys(LOOPS))('%s ends within 5 s, so that Temporal begins another attempt', async (name) => {
    // Prepare
    const result = LOOPS[name]?.() ?? Promise.reject(new Error(name));
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    result.then(end, end);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(ended).toBe(false);

    // Act: the process stands still, its clock does not
    vi.setSystemTime(Date.now() + 7_000);
    await vi.advanceTimersByTimeAsync(5_000);

    // Assess
    expect(ended).toBe(true);
    expect(await failureOf(result)).toMatchObject({
      code: 'WorkerStoodStill',
      class: 'transient',
      nonRetryable: false,
    });
  });
});
