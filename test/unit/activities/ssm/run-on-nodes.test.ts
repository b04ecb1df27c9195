import { generateKeyPairSync } from 'node:crypto';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  type GetCommandInvocationCommandOutput,
  ListCommandInvocationsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { ActivityCancellationDetails, CancelledFailure } from '@temporalio/common';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunOnNodesInput } from '#src/activities/api.js';
import { unseal } from '../../../support/unseal.js';
import { awsError, failureOf, makeActivities, scope, settled, start, tokenOf } from '../support.js';

const ssm = mockClient(SSMClient);
const s3 = mockClient(S3Client);
const ec2 = mockClient(EC2Client);
const activities = makeActivities();

beforeEach(() => {
  vi.useFakeTimers();
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
  s3.on(HeadBucketCommand).resolves({ BucketRegion: 'eu-west-1' });
  let count = 0;
  ssm.on(SendCommandCommand).callsFake(() => ({ Command: { CommandId: `cmd-${++count}` } }));
});
afterEach(() => {
  vi.useRealTimers();
  ssm.reset();
  s3.reset();
  ec2.reset();
});

const input: RunOnNodesInput = {
  ...scope,
  instanceIds: ['i-1'],
  jobId: 'shop-install-1',
  script: 'install',
  params: { K3S_VERSION: 'v1.34.2+k3s1' },
  presign: {},
  timeoutSeconds: 300,
};

type Answer = Partial<GetCommandInvocationCommandOutput>;
const answer = (StatusDetails: string, more: Answer = {}): Answer => ({ StatusDetails, ...more });
const report = (outcome: string, exit: string, id = input.jobId) =>
  `keelson-job id=${id} outcome=${outcome} exit=${exit}\nkeelson-result\nchanged=true\nkeelson-log\nlast line\n`;
const done = answer('Success', { ResponseCode: 0, StandardOutputContent: report('done', '0') });

/** SSM never comes to know the first command, and carries out the second. */
const forgetFirst = () =>
  ssm
    .on(GetCommandInvocationCommand, { CommandId: 'cmd-1' })
    .rejects(awsError('InvocationDoesNotExist'))
    .on(GetCommandInvocationCommand, { CommandId: 'cmd-2' })
    .resolves(done);
const sends = () => ssm.commandCalls(SendCommandCommand).map((call) => call.args[0].input);

describe('a job', () => {
  test('is sent once, waited for, and its report read', async () => {
    ssm
      .on(GetCommandInvocationCommand)
      .rejectsOnce(awsError('InvocationDoesNotExist'))
      .resolvesOnce(answer('Pending'))
      .resolvesOnce(answer('In Progress'))
      .resolves(done);

    const { result, heartbeats } = start(activities.runOnNodes, input);

    expect(await settled(result)).toEqual([
      {
        instanceId: 'i-1',
        outcome: 'done',
        exitCode: 0,
        result: { changed: 'true' },
        logTail: expect.stringContaining('last line'),
      },
    ]);
    expect(sends()).toMatchObject([
      {
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: ['i-1'],
        Comment: 'shop-install-1',
        Parameters: { executionTimeout: ['360'] },
      },
    ]);
    expect(heartbeats).toContainEqual({ sent: { 'i-1': 'cmd-1' }, sends: { 'i-1': 1 } });
  });

  test('is asked for half a second after it was sent and then each quarter, so that no look comes before SSM knows it', async () => {
    // Prepare
    const began = Date.now();
    const at: number[] = [];
    ssm.on(GetCommandInvocationCommand).callsFake(() => {
      at.push(Date.now() - began);
      return at.length === 3 ? done : answer('InProgress');
    });

    // Act
    await settled(start(activities.runOnNodes, input).result);

    // Assess
    expect(at).toEqual([500, 750, 1_000]);
  });

  test('whose command SSM never comes to know is sent again after half a minute, though the time of day is set back meanwhile', async () => {
    // Prepare
    forgetFirst();

    // Act
    const { result } = start(activities.runOnNodes, input);
    await vi.advanceTimersByTimeAsync(10_000);
    vi.setSystemTime(Date.now() - 5 * 3_600_000);
    await vi.advanceTimersByTimeAsync(25_000);

    // Assess
    expect(sends()).toHaveLength(2);
    expect(await settled(result)).toMatchObject([{ outcome: 'done' }]);
  });

  test('that failed is a result, not a failure', async () => {
    ssm
      .on(GetCommandInvocationCommand)
      .resolves(answer('Failed', { ResponseCode: 1, StandardOutputContent: report('failed', '7') }));

    const [result] = await settled(start(activities.runOnNodes, input).result);

    expect(result).toMatchObject({ outcome: 'failed', exitCode: 7 });
  });

  test('whose runner did not get to its report is a failed one, with the output that there is', async () => {
    ssm
      .on(GetCommandInvocationCommand)
      .resolves(
        answer('Failed', { ResponseCode: 127, StandardOutputContent: '', StandardErrorContent: 'sh: bash: not found' }),
      );

    const [result] = await settled(start(activities.runOnNodes, input).result);

    expect(result).toEqual({
      instanceId: 'i-1',
      outcome: 'failed',
      exitCode: 127,
      result: {},
      logTail: 'sh: bash: not found',
    });
  });

  test("with another job's report is a failed one", async () => {
    ssm
      .on(GetCommandInvocationCommand)
      .resolves(answer('Success', { ResponseCode: 0, StandardOutputContent: report('done', '0', 'other') }));

    const [result] = await settled(start(activities.runOnNodes, input).result);

    expect(result?.outcome).toBe('failed');
  });

  test('on many nodes goes out in parts of fifty, and gives results in the order asked for', async () => {
    const instanceIds = Array.from({ length: 60 }, (_, index) => `i-${index}`);
    ssm.on(GetCommandInvocationCommand).resolves(done);

    const results = await settled(start(activities.runOnNodes, { ...input, instanceIds }).result);

    expect(sends().map((send) => send.InstanceIds?.length)).toEqual([50, 10]);
    expect(results.map((result) => result.instanceId)).toEqual(instanceIds);
  });

  test('beside many others is asked for singly when a list of those that run no longer names it', async () => {
    // Prepare
    const ids = Array.from({ length: 30 }, (_, index) => `i-${index}`);
    const until = Date.now() + 20_000;
    const commandOf = (id: string) => sends().findIndex(({ InstanceIds }) => InstanceIds?.[0] === id) + 1;
    ssm.on(ListCommandInvocationsCommand).callsFake(() => ({
      CommandInvocations:
        Date.now() > until ? [] : ids.map((id) => ({ CommandId: `cmd-${commandOf(id)}`, InstanceId: id })),
    }));
    ssm.on(GetCommandInvocationCommand).callsFake(() => (Date.now() > until ? done : answer('InProgress')));

    // Act
    const jobs = ids.map((id) => start(activities.runOnNodes, { ...input, instanceIds: [id] }).result);
    const results = await settled(Promise.all(jobs));

    // Assess
    expect(results.map(([result]) => result?.outcome)).toEqual(ids.map(() => 'done'));
    // While fewer than 25 wait each is asked for singly, and so is each at its end.
    expect(ssm.commandCalls(GetCommandInvocationCommand)).toHaveLength(24 + 30);
  });

  test('goes on through throttling', async () => {
    ssm
      .on(GetCommandInvocationCommand)
      .rejectsOnce(awsError('ThrottlingException', 'Rate exceeded'))
      .rejectsOnce(awsError('ThrottlingException', 'Rate exceeded'))
      .resolves(done);

    const [result] = await settled(start(activities.runOnNodes, input).result);

    expect(result?.outcome).toBe('done');
  });

  test('for an agent that is not there yet is tried again by Temporal', async () => {
    ssm.on(SendCommandCommand).rejects(awsError('InvalidInstanceId'));

    const failure = await failureOf(settled(start(activities.runOnNodes, input).result));

    expect(failure).toMatchObject({ class: 'not-found-yet', nonRetryable: false });
  });

  test('that cannot be rendered fails for good', async () => {
    const failure = await failureOf(settled(start(activities.runOnNodes, { ...input, script: 'no-such' }).result));

    expect(failure).toMatchObject({ code: 'Unexpected', nonRetryable: true });
    expect(sends()).toEqual([]);
  });
});

describe('a later attempt', () => {
  test('goes on with the command that was heartbeated', async () => {
    ssm.on(GetCommandInvocationCommand).resolves(done);
    const heartbeatDetails = { sent: { 'i-1': 'cmd-before' }, sends: { 'i-1': 1 } };

    await settled(start(activities.runOnNodes, input, { attempt: 2, heartbeatDetails }).result);

    expect(sends()).toEqual([]);
    expect(ssm.commandCalls(GetCommandInvocationCommand)[0]?.args[0].input.CommandId).toBe('cmd-before');
  });

  test('finds the command by its Comment where the heartbeat was lost', async () => {
    ssm.on(GetCommandInvocationCommand).resolves(done);
    ssm.on(ListCommandInvocationsCommand).resolves({
      CommandInvocations: [
        { CommandId: 'cmd-other', Comment: 'shop-install-2' },
        { CommandId: 'cmd-older', Comment: input.jobId, RequestedDateTime: new Date('2026-01-01T00:00:00Z') },
        { CommandId: 'cmd-ours', Comment: input.jobId, RequestedDateTime: new Date('2026-01-01T00:01:00Z') },
      ],
    });
    const scheduledTimestampMs = Date.parse('2026-01-01T00:00:30.500Z');

    await settled(start(activities.runOnNodes, input, { attempt: 2, scheduledTimestampMs }).result);

    expect(sends()).toEqual([]);
    expect(ssm.commandCalls(GetCommandInvocationCommand)[0]?.args[0].input.CommandId).toBe('cmd-ours');
    expect(ssm.commandCalls(ListCommandInvocationsCommand)[0]?.args[0].input).toMatchObject({
      InstanceId: 'i-1',
      Filters: [{ key: 'InvokedAfter', value: '2025-12-31T23:59:30Z' }],
    });
  });

  test('sends where nothing was sent', async () => {
    ssm.on(GetCommandInvocationCommand).resolves(done);
    ssm.on(ListCommandInvocationsCommand).resolves({ CommandInvocations: [] });

    await settled(start(activities.runOnNodes, input, { attempt: 2 }).result);

    expect(sends()).toHaveLength(1);
  });
});

describe('a command that may not have run', () => {
  test.each(['DeliveryTimedOut', 'Delivery Timed Out', 'Undeliverable', 'Terminated'])(
    '(%s) is sent again under the same job id',
    async (status) => {
      ssm.on(GetCommandInvocationCommand).resolvesOnce(answer(status)).resolves(done);

      const [result] = await settled(start(activities.runOnNodes, input).result);

      expect(result?.outcome).toBe('done');
      expect(sends().map((send) => send.Comment)).toEqual([input.jobId, input.jobId]);
    },
  );

  test('is reported, with both commands, and the newest one is heartbeated', async () => {
    ssm.on(GetCommandInvocationCommand).resolvesOnce(answer('Undeliverable')).resolves(done);
    const { result, heartbeats } = start(activities.runOnNodes, input);

    const [job] = await settled(result);

    const told = expect.stringMatching(
      /^SSM lost command cmd-1 after \d+ s \(SSM says Undeliverable\); sent again as cmd-2 \(job unchanged\)$/,
    );
    expect(job?.notes).toEqual([told]);
    expect(heartbeats.at(-1)).toMatchObject({ sent: { 'i-1': 'cmd-2' }, sends: { 'i-1': 2 } });
  });

  test.each(['Cancelled', 'InProgress'])('(%s) is sent again long before its time-out', async (status) => {
    ssm
      .on(GetCommandInvocationCommand, { CommandId: 'cmd-1' })
      .resolves(answer(status))
      .on(GetCommandInvocationCommand, { CommandId: 'cmd-2' })
      .resolves(done);
    const began = Date.now();

    const [job] = await settled(start(activities.runOnNodes, { ...input, timeoutSeconds: 1_800 }).result);

    expect(job?.outcome).toBe('done');
    expect(Date.now() - began).toBeLessThan(330_000);
  });

  test('is given up after some sends, as undelivered', async () => {
    ssm.on(GetCommandInvocationCommand).resolves(answer('Undeliverable'));

    const [result] = await settled(start(activities.runOnNodes, input).result);

    expect(result).toMatchObject({ outcome: 'undelivered', exitCode: null });
    expect(sends()).toHaveLength(3);
  });
});

describe('a command that no one carries out any more', () => {
  test('is sent again when SSM does not know it for a minute', async () => {
    forgetFirst();

    const [result] = await settled(start(activities.runOnNodes, input).result);

    expect(result?.outcome).toBe('done');
    expect(sends()).toHaveLength(2);
  });

  test('ends when the instance is terminated under it, with the reason of EC2', async () => {
    ssm.on(GetCommandInvocationCommand).resolves(answer('InProgress'));
    const StateReason = { Code: 'Server.SpotInstanceTermination', Message: 'gone' };
    ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name: 'terminated' }, StateReason }] }],
    });

    const [result] = await settled(start(activities.runOnNodes, input).result);

    expect(result).toMatchObject({ outcome: 'interrupted', exitCode: null });
    expect(result?.logTail).toContain('terminated: Server.SpotInstanceTermination: gone');
  });

  test('ends at once on an instance that was terminated before it was sent; another of the same job gets it', async () => {
    // Prepare
    ssm
      .on(SendCommandCommand)
      .resolves({ Command: { CommandId: 'cmd-1' } })
      .on(SendCommandCommand, { InstanceIds: ['i-1', 'i-2'] })
      .rejects(awsError('InvalidInstanceId', 'Instances [[i-1]] not in a valid state for account 1', 400));
    ssm.on(GetCommandInvocationCommand).resolves(done);
    const StateReason = { Code: 'Client.UserInitiatedShutdown', Message: 'gone' };
    ec2.on(DescribeInstancesCommand).resolves({
      Reservations: [
        {
          Instances: [
            { InstanceId: 'i-1', State: { Name: 'terminated' }, StateReason },
            { InstanceId: 'i-2', State: { Name: 'running' } },
          ],
        },
      ],
    });

    // Act
    const results = await settled(start(activities.runOnNodes, { ...input, instanceIds: ['i-1', 'i-2'] }).result);

    // Assess
    expect(results).toMatchObject([{ outcome: 'interrupted' }, { outcome: 'done' }]);
    expect(results[0]?.logTail).toContain('terminated: Client.UserInitiatedShutdown: gone');
    expect(sends()).toHaveLength(2);
  });

  test.each(['pending', 'running'] as const)(
    'is tried again where SSM does not know an instance yet that is %s',
    async (Name) => {
      ssm.on(SendCommandCommand).rejects(awsError('InvalidInstanceId', 'not in a valid state', 400));
      ec2.on(DescribeInstancesCommand).resolves({
        Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name } }] }],
      });

      const failure = await failureOf(settled(start(activities.runOnNodes, input).result));

      expect(failure).toMatchObject({ code: 'InvalidInstanceId', class: 'not-found-yet', nonRetryable: false });
    },
  );

  test('is not given up because EC2 does not answer', async () => {
    const began = Date.now();
    ssm.on(GetCommandInvocationCommand).callsFake(() => (Date.now() - began < 30_000 ? answer('InProgress') : done));
    ec2.on(DescribeInstancesCommand).rejects(awsError('RequestLimitExceeded', 'slow', 503));

    const [result] = await settled(start(activities.runOnNodes, input).result);

    expect(result?.outcome).toBe('done');
    expect(ec2.calls().length).toBeGreaterThan(0);
  });
});

test('a node that refuses the document is a matter of permission', async () => {
  ssm.on(GetCommandInvocationCommand).resolves(answer('Access Denied'));

  const failure = await failureOf(settled(start(activities.runOnNodes, input).result));

  expect(failure).toMatchObject({ class: 'auth', nonRetryable: true });
});

describe('a cancelled job', () => {
  test('is left with a CancelledFailure, and its command cancelled', async () => {
    ssm.on(GetCommandInvocationCommand).resolves(answer('InProgress'));
    const { result, environment } = start(activities.runOnNodes, input);
    await vi.advanceTimersByTimeAsync(2_000);

    environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));

    await expect(settled(result)).rejects.toBeInstanceOf(CancelledFailure);
    expect(ssm.commandCalls(CancelCommandCommand)[0]?.args[0].input.CommandId).toBe('cmd-1');
  });

  test('is only left when the worker shuts down: another one goes on with it', async () => {
    ssm.on(GetCommandInvocationCommand).resolves(answer('InProgress'));
    const { result, environment } = start(activities.runOnNodes, input);
    await vi.advanceTimersByTimeAsync(2_000);

    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));

    await expect(settled(result)).rejects.toBeInstanceOf(CancelledFailure);
    expect(ssm.commandCalls(CancelCommandCommand)).toEqual([]);
  });
});

describe('presigned URLs', () => {
  const withUrls: RunOnNodesInput = {
    ...input,
    script: 'join',
    presign: { TOKEN_GET: { method: 'GET', key: 'k3s-server-token' } },
  };

  const pair = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const key = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const keyReport = answer('Success', {
    ResponseCode: 0,
    StandardOutputContent: `keelson-key id=${input.jobId} key=${key}\n`,
  });
  const commands = () => sends().map((send) => send.Parameters?.['commands']?.[0] ?? '');
  const urlIn = (command = '') => {
    const line = /^TOKEN_GET=(.+)$/m.exec(unseal(pair.privateKey, command));
    return new URL(line?.[1] ?? '');
  };

  test('are sealed to the key that the node reports, and in no command, heartbeat or log', async () => {
    const log: string[] = [];
    ssm.on(GetCommandInvocationCommand).resolvesOnce(keyReport).resolvesOnce(answer('Undeliverable')).resolves(done);
    const { result, heartbeats } = start(makeActivities({ log }).runOnNodes, withUrls);

    const [job] = await settled(result);

    const [first, ...others] = commands();
    expect(job).toMatchObject({ outcome: 'done', key });
    expect(first).not.toMatch(/^mac=/m);
    expect(others).toHaveLength(2);
    for (const command of others) {
      expect(urlIn(command).pathname).toBe('/ops/clusters/shop/k3s-server-token');
      expect(urlIn(command).searchParams.get('X-Amz-Expires')).toBe('180');
    }
    expect(log.length).toBeGreaterThan(0);
    expect(JSON.stringify([heartbeats, log, commands()])).not.toMatch(/X-Amz-(?!\*)|clusters\/shop\/k3s-server-token/);
  });

  test('go with the first command to a node whose key is recorded', async () => {
    ssm.on(GetCommandInvocationCommand).resolves(done);

    const [job] = await settled(start(activities.runOnNodes, { ...withUrls, keys: { 'i-1': key } }).result);

    expect(commands()).toHaveLength(1);
    expect(urlIn(commands()[0]).searchParams.get('X-Amz-Expires')).toBe('180');
    expect(job?.key).toBeUndefined();
  });

  test('of many jobs at once go out after one look at their instances, which finds one that is not of the cluster', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `i-${index}`);
    const instances = ids.map((InstanceId) => ({
      InstanceId,
      State: { Name: 'running' as const },
      ...(InstanceId !== 'i-7' && { ClientToken: tokenOf('workers-0', 1) }),
    }));
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: instances }] });
    ssm.on(GetCommandInvocationCommand).resolves(done);

    const jobs = ids.map(
      (id) => start(activities.runOnNodes, { ...withUrls, instanceIds: [id], keys: { [id]: key } }).result,
    );
    const ends = await settled(Promise.allSettled(jobs));

    expect(ec2.commandCalls(DescribeInstancesCommand)).toHaveLength(1);
    expect(ends.flatMap(({ status }, index) => (status === 'rejected' ? ids[index] : []))).toEqual(['i-7']);
    expect(sends().flatMap(({ InstanceIds }) => InstanceIds)).not.toContain('i-7');
  });

  const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    .publicKey.export({ type: 'spki', format: 'der' })
    .toString('base64');
  const otherReport = answer('Success', {
    ResponseCode: 0,
    StandardOutputContent: `keelson-key id=${input.jobId} key=${other}\n`,
  });

  test.each([
    ['has recorded', { keys: { 'i-1': key } }, [otherReport]],
    ['was told a moment ago', {}, [keyReport, otherReport]],
    ['was told again and again', {}, [keyReport, keyReport, keyReport, keyReport]],
  ])('are never sealed to another key than the one that Keelson %s', async (_, recorded, answers) => {
    let count = 0;
    ssm.on(GetCommandInvocationCommand).callsFake(() => answers[Math.min(count++, answers.length - 1)]);

    const [job] = await settled(start(activities.runOnNodes, { ...withUrls, ...recorded }).result);

    expect(job).toMatchObject({ outcome: 'failed', result: { code: 'NodeKeyChanged' } });
    expect(commands()).toHaveLength(answers.length);
    for (const command of commands().filter((one) => /^mac=/m.test(one))) expect(urlIn(command).pathname).toBeTruthy();
  });

  test('are renewed before they expire, as long as the job runs', async () => {
    const began = Date.now();
    ssm.on(GetCommandInvocationCommand).callsFake(() => (Date.now() - began < 250_000 ? answer('InProgress') : done));

    const [job] = await settled(start(makeActivities().runOnNodes, { ...withUrls, keys: { 'i-1': key } }).result);

    const signedAt = commands().map((command) => urlIn(command).searchParams.get('X-Amz-Date') ?? '');
    expect(job).toMatchObject({ outcome: 'done' });
    expect(job?.notes).toBeUndefined();
    expect(new Set(signedAt).size).toBe(3);
  });

  test('of an attempt before this one: the key that it has learned counts', async () => {
    ssm.on(GetCommandInvocationCommand).resolvesOnce(answer('Undeliverable')).resolves(done);
    const heartbeatDetails = { sent: { 'i-1': 'cmd-before' }, sends: { 'i-1': 1 }, keys: { 'i-1': key } };

    const [job] = await settled(start(activities.runOnNodes, withUrls, { attempt: 2, heartbeatDetails }).result);

    expect(commands().map((command) => urlIn(command).pathname)).toEqual(['/ops/clusters/shop/k3s-server-token']);
    expect(job).toMatchObject({ key });
  });

  test('are in no failure', async () => {
    ssm.on(SendCommandCommand).rejects(awsError('InvalidInstanceId'));

    const error: unknown = await settled(start(activities.runOnNodes, withUrls).result).catch(
      (reason: unknown) => reason,
    );

    expect(JSON.stringify(error) + String(error)).not.toContain('X-Amz-');
  });
});
