import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetObjectCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  type CommandStatus,
  DescribeInstanceInformationCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ErrorNote } from '#src/model/observation-failure.js';
import { rulesDigest } from '#src/model/security-groups/keys.js';
import type { Installation } from '#src/model/trust/installation.js';
import type { RegionReport } from '#src/model/watch/region-report.js';
import type { WatchReport } from '#src/model/watch/report.js';
import { awsError, installation, makeActivities, settled, start } from '../support.js';

const HOUR = 3_600_000;
const input = { region: 'eu-west-1', operation: 'watch', traceId: 't', digests: null, told: '' };

const ec2 = mockClient(EC2Client);
const ssm = mockClient(SSMClient);
const s3 = mockClient(S3Client);
let events: Omit<ErrorNote, 'since'> | null | undefined;
let told: { cluster: string; regionReport: RegionReport }[] = [];
let reports: { cluster: string; report: WatchReport }[] = [];
let open: string[] = [];
let deaf = false;
let readInstallation: () => Promise<Installation> = async () => installation;
const activities = makeActivities({
  installation: () => readInstallation(),
  events: () => events,
  workflowNotifier: {
    reconcile: async (cluster, _reason, regionReport) => {
      if (deaf) throw new Error('Temporal does not answer');
      told.push({ cluster, regionReport });
      return 'told';
    },
    report: async (cluster, report) => {
      if (deaf) throw new Error('Temporal does not answer');
      reports.push({ cluster, report });
      return 'told';
    },
    observing: async () => undefined,
    ensureWatch: async () => undefined,
    openClusters: async () => open,
  },
});

type Known = { id: string; cluster: string; state?: string; type?: string; groups?: string[] };
let there: Known[] = [];
const shop: Known = { id: 'i-1', cluster: 'shop' };
const blog: Known = { id: 'i-2', cluster: 'blog' };

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  reports = [];
  open = ['shop', 'blog'];
  deaf = false;
  readInstallation = async () => installation;
  there = [shop, blog];
  ec2.on(DescribeInstancesCommand).callsFake(() => ({
    Reservations: there.map(({ id, cluster, state = 'running', type = 't3.medium', groups = [] }) => ({
      Instances: [
        {
          InstanceId: id,
          InstanceType: type,
          State: { Name: state },
          SecurityGroups: groups.map((GroupId) => ({ GroupId })),
          Tags: [
            { Key: 'keelson:cluster', Value: cluster },
            { Key: 'keelson:uid', Value: `uid-${cluster}` },
          ],
        },
      ],
    })),
  }));
  events = undefined;
  s3.on(HeadBucketCommand).resolves({ BucketRegion: 'eu-west-1' });
  s3.on(GetObjectCommand).rejects(awsError('NoSuchKey', 'none', 404));
  ec2.on(DescribeInstanceStatusCommand).resolves({});
  ec2.on(DescribeSecurityGroupsCommand).resolves({});
  ssm.on(DescribeInstanceInformationCommand).resolves({});
  ssm.on(SendCommandCommand).resolves({ Command: { CommandId: 'cmd' } });
  ssm.on(ListCommandsCommand).resolves({ Commands: [{ Status: 'Success', TargetCount: 2, CompletedCount: 2 }] });
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
  ssm.reset();
  s3.reset();
});

/** Lets faked time pass; then the activity is cancelled, as at the end of a worker. */
async function watchFor(ms: number, during: () => void = () => undefined, heartbeatDetails?: unknown) {
  const run = start(activities.watchRegion, input, { heartbeatDetails });
  await vi.advanceTimersByTimeAsync(ms / 2);
  during();
  await vi.advanceTimersByTimeAsync(ms / 2);
  run.environment.cancel();
  await settled(run.result).catch(() => undefined);
  return run.heartbeats.at(-1);
}

const names = () => told.map(({ cluster }) => cluster);

describe('the watch of a region', () => {
  test('notifies every cluster of what it sees at first, and from then on only those to which something happens', async () => {
    await watchFor(60_000, () => {
      there = [shop, { ...blog, state: 'stopped' }];
    });
    expect(names().sort()).toEqual(['blog', 'blog', 'shop']);
    expect(told.at(-1)?.regionReport).toEqual({
      uid: 'uid-blog',
      whole: true,
      // When its lists were begun: an instance that is newer is not in them.
      at: expect.stringMatching(/^\d{4}-/),
      seen: [{ id: 'i-2', state: 'stopped', type: 't3.medium' }],
      groups: {},
    });
  });

  test('names instances that start, in no report of their own, and takes no cluster of them for gone', async () => {
    // Prepare
    there = [shop, { id: 'i-3', cluster: 'shop', state: 'pending' }, blog];

    // Act: the only instance of a cluster is started again, and one more of the other cluster
    await watchFor(120_000, () => {
      there = [shop, { id: 'i-3', cluster: 'shop' }, { ...blog, state: 'pending' }];
    });

    // Assess
    expect(names().sort()).toEqual(['blog', 'shop', 'shop']);
    const [first, then] = told.filter(({ cluster }) => cluster === 'shop').map(({ regionReport }) => regionReport);
    expect(first).toMatchObject({ seen: [{ id: 'i-1' }], starting: ['i-3'] });
    expect(then?.seen.map(({ id }) => id)).toEqual(['i-1', 'i-3']);
    expect(then).not.toHaveProperty('starting');
  });

  test('says in its heartbeats what it has seen, and what that took', async () => {
    const last = (await watchFor(60_000)) as { saw: Record<string, unknown> };
    expect(last.saw).toMatchObject({ instances: 2, clusters: 2, unhealthy: 0, signals: 2 });
    expect(last.saw['rounds']).toBeGreaterThanOrEqual(3);
    expect(last.saw['calls']).toBeGreaterThanOrEqual(4 * Number(last.saw['rounds']));
  });

  test('notifies a cluster whose security groups someone has changed, in calls for all clusters together', async () => {
    // Prepare
    const rules = (CidrIp: string) => ({
      SecurityGroups: [
        {
          GroupId: 'sg-1',
          Tags: [
            { Key: 'keelson:cluster', Value: 'shop' },
            { Key: 'keelson:uid', Value: 'uid-shop' },
          ],
          IpPermissions: [{ IpProtocol: 'tcp', FromPort: 6443, ToPort: 6443, IpRanges: [{ CidrIp }] }],
        },
      ],
    });
    ec2.on(DescribeSecurityGroupsCommand).resolves(rules('10.0.0.0/8'));

    // Act
    await watchFor(60_000, () => {
      told = [];
      ec2.on(DescribeSecurityGroupsCommand).resolves(rules('0.0.0.0/0'));
    });

    // Assess
    expect(told.map(({ cluster, regionReport }) => [cluster, regionReport.groups])).toEqual([
      ['shop', { 'sg-1': rulesDigest(['6443/tcp from 0.0.0.0/0']) }],
    ]);
    expect(ec2.commandCalls(DescribeSecurityGroupsCommand)).toHaveLength(
      ec2.commandCalls(DescribeInstancesCommand).length,
    );
  });

  test('notifies a cluster of an instance that someone has taken out of its security group, without a call of its own', async () => {
    // Prepare
    there = [{ ...shop, groups: ['sg-1', 'sg-0'] }, blog];

    // Act
    await watchFor(60_000, () => {
      told = [];
      there = [{ ...shop, groups: ['sg-0'] }, blog];
    });

    // Assess
    expect(told.map(({ cluster, regionReport }) => [cluster, regionReport.seen])).toEqual([
      ['shop', [{ id: 'i-1', state: 'running', type: 't3.medium', groups: 'sg-0' }]],
    ]);
    expect(ec2.commandCalls(DescribeInstancesCommand)).toHaveLength(
      ec2.commandCalls(DescribeSecurityGroupsCommand).length,
    );
  });

  test('reports nothing twice after its worker was lost, and what happened meanwhile once', async () => {
    const heartbeat = await watchFor(30_000);
    told = [];
    there = [{ ...shop, type: 't3.large' }, blog];
    await watchFor(30_000, undefined, heartbeat);
    expect(names()).toEqual(['shop']);
  });

  test('notifies a cluster that it has lost its last instance, also if that happened while no worker watched', async () => {
    const heartbeat = await watchFor(40_000, () => {
      there = [shop];
    });
    const first = told.at(-1);
    there = [];
    await watchFor(20_000, undefined, heartbeat);
    expect(first).toMatchObject({ cluster: 'blog', regionReport: { uid: 'uid-blog', whole: true, seen: [] } });
    expect(told.slice(-2).map(({ cluster, regionReport }) => [cluster, regionReport.uid, regionReport.seen])).toEqual([
      ['shop', '', []],
      ['blog', '', []],
    ]);
  });

  test('reports again in the next round what could not be reported', async () => {
    deaf = true;
    await watchFor(40_000, () => {
      deaf = false;
    });
    expect(names().sort()).toEqual(['blog', 'shop']);
  });

  test('leaves out instances that are on their way up, and tells of failing checks and lost agents', async () => {
    there = [shop, { ...blog, state: 'pending' }];
    ec2
      .on(DescribeInstanceStatusCommand, { Filters: [{ Name: 'system-status.status', Values: ['impaired'] }] })
      .resolves({ InstanceStatuses: [{ InstanceId: 'i-1' }, { InstanceId: 'i-somebody-else' }] });
    ssm.on(DescribeInstanceInformationCommand).resolves({ InstanceInformationList: [{ InstanceId: 'i-1' }] });
    await watchFor(10_000);
    expect(told.map(({ regionReport }) => regionReport.seen)).toEqual([
      [{ id: 'i-1', state: 'running', type: 't3.medium', failedChecks: ['system'], agentLost: true }],
    ]);
  });

  test('asks servers twice a minute by one command, and reads only what those say that are unhealthy', async () => {
    ssm.on(ListCommandsCommand).resolves({
      Commands: [{ Status: 'Failed', TargetCount: 2, CompletedCount: 2, ErrorCount: 1 }],
    });
    ssm.on(ListCommandInvocationsCommand).resolves({
      CommandInvocations: [
        { InstanceId: 'i-1', CommandPlugins: [{ Output: 'service=failed\nfailed to run commands: exit status 3' }] },
      ],
    });
    await watchFor(100_000);
    const [command] = ssm.commandCalls(SendCommandCommand);
    expect(ssm.commandCalls(SendCommandCommand)).toHaveLength(4);
    expect(command?.args[0].input.Targets).toEqual([
      { Key: 'tag:keelson:installation', Values: ['inst-1'] },
      { Key: 'tag:keelson:slot', Values: [0, 1, 2, 3, 4, 5, 6].map((index) => `server-${index}`) },
    ]);
    expect(command?.args[0].input).toMatchObject({ MaxErrors: '100%', MaxConcurrency: '100%' });
    expect(told.at(-1)).toMatchObject({ cluster: 'shop', regionReport: { seen: [{ k3s: 'service=failed' }] } });
    expect(told.filter(({ cluster }) => cluster === 'blog')).toHaveLength(1);
  });

  test('reports an alarm of etcd alone, and writes out what a terminal would obey', async () => {
    ssm.on(ListCommandsCommand).resolves({
      Commands: [{ Status: 'Failed', TargetCount: 2, CompletedCount: 2, ErrorCount: 1 }],
    });
    const Output = 'etcd=NOSPACE\u001b[2J\nfailed to run commands: exit status 3';
    ssm.on(ListCommandInvocationsCommand).resolves({
      CommandInvocations: [{ InstanceId: 'i-1', CommandPlugins: [{ Output }] }],
    });
    await watchFor(100_000);
    expect(told.at(-1)).toMatchObject({ cluster: 'shop', regionReport: { seen: [{ k3s: 'etcd=NOSPACE\\u{1b}[2J' }] } });
  });

  test('reports what a server says while another takes no command, whose agent holds the end of the question up', async () => {
    // Prepare: one answer is there at once, and the other never comes
    ssm.on(ListCommandsCommand).resolves({
      Commands: [{ Status: 'InProgress', TargetCount: 2, CompletedCount: 1, ErrorCount: 1 }],
    });
    ssm.on(ListCommandInvocationsCommand).resolves({
      CommandInvocations: [{ InstanceId: 'i-1', CommandPlugins: [{ Output: 'service=failed\n' }] }],
    });

    // Act
    await watchFor(10_000);

    // Assess
    expect(told.at(-1)).toMatchObject({ cluster: 'shop', regionReport: { seen: [{ k3s: 'service=failed' }] } });
  });

  test.for([
    { what: 'is denied to a server', status: 'Failed', details: 'AccessDenied', list: 'AccessDenied' },
    {
      what: 'is denied to a server, in the form of a failure',
      status: 'Failed',
      details: 'AccessDenied',
      list: 'Failed',
    },
    { what: 'does not reach a server', status: 'Failed', details: 'Undeliverable', list: 'Undeliverable' },
    { what: 'is not taken in time', status: 'TimedOut', details: 'DeliveryTimedOut', list: 'TimedOut' },
    { what: 'hangs on a server', status: 'Failed', details: 'ExecutionTimedOut', list: 'TimedOut', errors: 1 },
    { what: 'fails without a word', status: 'Failed', details: 'Failed', list: 'Failed', errors: 1 },
  ])(
    'reports that a server has said nothing when the question $what',
    async ({ status, details, list, errors = 0 }) => {
      // Prepare: AWS does not count a denied or undelivered command as an error
      ssm.on(ListCommandsCommand).resolves({
        Commands: [
          {
            Status: status as CommandStatus,
            TargetCount: 2,
            CompletedCount: 2,
            ErrorCount: errors,
            DeliveryTimedOutCount: details === 'DeliveryTimedOut' ? 1 : 0,
          },
        ],
      });
      ssm.on(ListCommandInvocationsCommand).callsFake(({ Filters: [filter] }) => ({
        CommandInvocations: filter.value === list ? [{ InstanceId: 'i-1', StatusDetails: details }] : [],
      }));

      // Act
      await watchFor(60_000);

      // Assess
      expect(told.at(-1)).toMatchObject({
        cluster: 'shop',
        regionReport: { seen: [{ k3s: `nothing: SSM says ${details}` }] },
      });
      expect(told.filter(({ cluster }) => cluster === 'blog')).toHaveLength(1);
    },
  );

  test('reports of a server whose agent is lost that it is lost, and nothing more', async () => {
    ssm.on(DescribeInstanceInformationCommand).resolves({ InstanceInformationList: [{ InstanceId: 'i-1' }] });
    ssm.on(ListCommandsCommand).resolves({
      Commands: [{ Status: 'TimedOut', TargetCount: 2, CompletedCount: 2, DeliveryTimedOutCount: 1 }],
    });
    ssm.on(ListCommandInvocationsCommand).resolves({
      CommandInvocations: [{ InstanceId: 'i-1', StatusDetails: 'DeliveryTimedOut' }],
    });
    await watchFor(100_000);
    expect(told.filter(({ cluster }) => cluster === 'shop').map(({ regionReport }) => regionReport.seen)).toEqual([
      [{ id: 'i-1', state: 'running', type: 't3.medium', agentLost: true }],
    ]);
  });

  test('tells within a minute that nothing can be seen when the bucket does not say which instances are its own', async () => {
    // Prepare
    readInstallation = async () => {
      throw awsError('AccessDenied', 'no GetObject', 403);
    };

    // Act
    await watchFor(80_000, () => {
      readInstallation = async () => installation;
    });

    // Assess
    const ofShop = reports.filter(({ cluster }) => cluster === 'shop').map(({ report }) => report.failures);
    expect(ofShop[0]?.map(({ subject, code }) => `${subject} ${code}`).sort()).toEqual(
      ['agents', 'checks', 'groups', 'instances', 'nodes'].map((subject) => `${subject} AccessDenied`),
    );
    expect(names()).toContain('shop');
  });

  test('tells within a minute that the bucket is denied, and when it is not any more; it asks twice a minute', async () => {
    // Act
    const run = start(activities.watchRegion, input);
    await vi.advanceTimersByTimeAsync(60_000);
    const atRest = reports.length;
    s3.on(GetObjectCommand).rejects(awsError('KMS.DisabledException', 'the key is disabled', 400));
    await vi.advanceTimersByTimeAsync(60_000);
    const denied = reports.filter(({ cluster }) => cluster === 'shop').map(({ report }) => report.failures);
    s3.on(GetObjectCommand).rejects(awsError('NoSuchKey', 'none', 404));
    await vi.advanceTimersByTimeAsync(60_000);
    run.environment.cancel();
    await settled(run.result).catch(() => undefined);

    // Assess
    expect(atRest).toBe(0);
    expect(denied).toMatchObject([[{ subject: 'bucket', code: 'KMS.DisabledException', class: 'auth' }]]);
    expect(reports.findLast(({ cluster }) => cluster === 'shop')?.report.failures).toEqual([]);
    expect(s3.commandCalls(GetObjectCommand).length).toBeLessThanOrEqual(7);
  });

  test('tells within a minute that its worker cannot read the queue of events', async () => {
    await watchFor(100_000, () => {
      events = { code: 'AccessDenied', class: 'auth', message: 'ReceiveMessage: no', hint: 'allow it' };
    });
    const told = reports.filter(({ cluster }) => cluster === 'shop').map(({ report }) => report.failures);
    expect(told).toMatchObject([[{ subject: 'events', code: 'AccessDenied' }]]);
  });

  test('reports a trouble that lasts again, less and less often: one that is back before the next probe looks the same', async () => {
    ssm.on(ListCommandsCommand).resolves({
      Commands: [{ Status: 'Failed', TargetCount: 2, CompletedCount: 2, ErrorCount: 1 }],
    });
    ssm.on(ListCommandInvocationsCommand).resolves({
      CommandInvocations: [{ InstanceId: 'i-1', CommandPlugins: [{ Output: 'notready=shop-workers-0-g1\n' }] }],
    });
    const run = start(activities.watchRegion, input);
    const troubles = () => told.filter(({ cluster, regionReport }) => cluster === 'shop' && regionReport.seen[0]?.k3s);

    await vi.advanceTimersByTimeAsync(100_000);
    const soon = troubles().length;
    await vi.advanceTimersByTimeAsync(28 * 60_000);
    const later = troubles().length;
    run.environment.cancel();
    await settled(run.result).catch(() => undefined);

    expect(soon).toBeGreaterThanOrEqual(2);
    expect(later - soon).toBeGreaterThanOrEqual(3);
    expect(later - soon).toBeLessThanOrEqual(5);
    expect(told.filter(({ cluster }) => cluster === 'blog')).toHaveLength(1);
  });

  test('goes on when AWS refuses or fails, less often, and never fails itself', async () => {
    const refuse = () => ec2.on(DescribeInstancesCommand).rejects(awsError('RequestLimitExceeded', 'slow down', 503));
    refuse();
    ssm.on(SendCommandCommand).rejects(awsError('AccessDeniedException', 'no'));
    const run = start(activities.watchRegion, input);
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    const asked = ec2.commandCalls(DescribeInstancesCommand).length;
    const end = settled(run.result);
    const result = await end;
    // Every 40 s, and once more each time.
    expect(asked).toBeLessThanOrEqual(36);
    expect(asked).toBeGreaterThanOrEqual(24);
    expect(result.ended).toBe('time');
  });

  test('looks and asks the servers as before when the time of day is set back', async () => {
    // Prepare
    let before = { looks: 0, probes: 0 };
    const calls = () => ({
      looks: ec2.commandCalls(DescribeInstancesCommand).length,
      probes: ssm.commandCalls(SendCommandCommand).length,
    });
    // Act
    await watchFor(240_000, () => {
      vi.setSystemTime(Date.now() - 6 * 3_600_000);
      before = calls();
    });
    // Assess
    const after = calls();
    expect(before.probes).toBeGreaterThan(1);
    expect(after.looks).toBeGreaterThanOrEqual(2 * before.looks - 2);
    expect(after.probes).toBeGreaterThanOrEqual(2 * before.probes - 1);
  });

  test('ends after an hour, with its memory for the next', async () => {
    const run = start(activities.watchRegion, input);
    const began = Date.now();
    const result = await settled(run.result);
    told = [];
    const next = start(activities.watchRegion, { ...input, digests: result.digests, told: result.told });
    await vi.advanceTimersByTimeAsync(30_000);
    next.environment.cancel();
    await settled(next.result).catch(() => undefined);
    expect(result.ended).toBe('time');
    expect(Date.now() - began).toBeLessThan(HOUR * 1.1);
    expect(told).toEqual([]);
  });

  test('ends when no instance and no cluster is left, and not while a cluster is being made', async () => {
    there = [];
    const early = start(activities.watchRegion, input);
    await vi.advanceTimersByTimeAsync(120_000);
    open = [];
    const result = await settled(early.result);
    expect(result.ended).toBe('empty');
    expect(ec2.commandCalls(DescribeInstancesCommand).length).toBeGreaterThan(7);
  });
});
