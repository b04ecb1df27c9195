import { createColors } from 'picocolors';
import { describe, expect, it } from 'vitest';
import { explanationText } from '#src/cli/views/explain.js';
import { type Circumstances, explain } from '#src/model/explain/index.js';
import type { Retry } from '#src/model/retry.js';
import type { StatusView } from '#src/model/status.js';
import { condition, failure, node, operation, statusView, step } from './status.js';

const NOW = Date.parse('2026-03-01T12:01:00.000Z');
const linesOf = (status: StatusView, more: Circumstances = {}): string[] =>
  explanationText(explain(status, { now: NOW, ...more }), createColors(false), NOW).split('\n');

const bad = (type: string, slots?: string[], more: Parameters<typeof condition>[0] = {}) =>
  condition({
    type,
    status: 'False',
    reason: 'Some',
    message: `${type} does not hold`,
    ...(slots && { slots }),
    ...more,
  });

const throttled: Retry = {
  activity: 'launchInstance',
  attempt: 17,
  code: 'RequestLimitExceeded',
  class: 'throttled',
  message: 'RunInstances t3.medium in subnet-1 for server-0: RequestLimitExceeded: Request limit exceeded.',
  hint: 'run fewer clusters',
  failures: 16,
  since: '2026-03-01T12:00:10.000Z',
  nextAt: '2026-03-01T12:01:14.000Z',
};

describe('explain: the first line', () => {
  it('is the cause of a failed operation; then since when, what Keelson does and when next, what a person can do', () => {
    // Prepare
    const status = statusView({
      phase: 'Failed',
      health: 'Unknown',
      operation: operation({ steps: [step({ id: 'launch:server-0', outcome: 'failed', error: failure() })] }),
      lastError: failure(),
      waiting: {
        for: 'the next try of create after TypeNotOffered',
        since: '2026-03-01T12:00:00.000Z',
        until: '2026-03-01T12:10:00.000Z',
      },
    });

    // Act
    const lines = linesOf(status);

    // Assess
    expect(lines[0]).toBe('shop is Failed, Unknown: TypeNotOffered: t3.huge is not offered in eu-west-1a');
    expect(lines[1]).toBe('    nor anywhere else');
    expect(lines[2]).toBe('  since    2026-03-01 12:00:00Z (1m ago)');
    expect(lines[3]).toMatch(
      /^ {2}Keelson {2}parks the operation.*attempt 1 failed.*next in 9m \(2026-03-01 12:10:00Z\)$/,
    );
    expect(lines[4]).toMatch(/^ {2}you {6}choose a type that eu-west-1 offers/);
    expect(lines[5]).toContain('keelson retry shop');
  });

  it('is why a backup has failed that someone asked for, although the cluster is well, until one succeeds', () => {
    // Prepare
    const error = failure({ code: 'BucketRefused', message: 'backup failed: HTTP 403', hint: 'allow the bucket' });
    const steps = [step({ kind: 'backup', outcome: 'failed', error })];
    const refused = operation({ kind: 'backup', outcome: 'failed', endedAt: '2026-03-01T12:00:30.000Z', steps });
    const repaired = operation({ kind: 'repair', outcome: 'done', endedAt: '2026-03-01T12:00:40.000Z' });
    const taken = operation({ kind: 'backup', outcome: 'done', endedAt: '2026-03-01T12:00:50.000Z' });

    // Act
    const lines = linesOf(statusView({ operations: [refused, repaired] }));
    const after = linesOf(statusView({ operations: [refused, repaired, taken] }));

    // Assess
    expect(lines[0]).toContain('BucketRefused: backup failed: HTTP 403');
    expect(lines).toContain('  you      then `keelson backup shop`');
    expect(after[0]).not.toContain('BucketRefused');
  });

  it('is what Temporal tries again while the step runs, with the attempt and the next try', () => {
    // Prepare
    const status = statusView({
      phase: 'Provisioning',
      operation: operation({ steps: [step({ kind: 'launch', title: 'launch t3.medium' })] }),
    });

    // Act
    const lines = linesOf(status, { retries: [throttled] });

    // Assess
    expect(lines[0]).toContain('RequestLimitExceeded: Request limit exceeded.');
    expect(lines.join('\n')).toMatch(/Keelson {2}tries again, slower each time \(attempt 17\), next in 14s/);
  });

  it('names a retry of a step before one of a write or an observation', () => {
    const denied: Retry = {
      ...throttled,
      activity: 'writeStatus',
      code: 'AccessDenied',
      message: 'PutObject: AccessDenied',
      failures: 40,
    };
    const [first] = linesOf(statusView({ operation: operation() }), { retries: [denied, throttled] });
    expect(first).toContain('RequestLimitExceeded');
  });

  it('is not an error that the operation has got over', () => {
    // Prepare
    const steps = [
      step({ id: 'launch:server-0', kind: 'launch', outcome: 'done', endedAt: '2026-03-01T12:00:30.000Z' }),
      step(),
    ];

    // Act
    const explained = explain(statusView({ operation: operation({ steps }), lastError: failure() }), { now: NOW });

    // Assess
    expect(explained.summary).toBe('create is under way (it does not exist yet)');
    expect(explained.lastError).toBeNull();
  });

  it('is the error of the first server, and not that others could not join it', () => {
    // Prepare
    const cause = failure({
      code: 'ToolMissing',
      message: 'server-0: this image lacks: curl',
      step: 'bootstrap:server-0',
    });
    const later = failure({ code: 'NoServerUp', message: 'server-2: no server is up that it could join' });
    const steps = [
      step({ id: 'bootstrap:server-0', kind: 'bootstrap', slot: 'server-0', outcome: 'failed', error: cause }),
      step({ id: 'join:server-2', slot: 'server-2', outcome: 'failed', error: later }),
    ];

    // Act
    const [first] = linesOf(statusView({ operation: operation({ steps }), lastError: later }));

    // Assess
    expect(first).toContain('ToolMissing');
  });

  it('is not an error of an operation that has ended', () => {
    expect(explain(statusView({ lastError: failure() })).summary).toBe('it is what was asked for');
  });

  it('is the condition that others fail because of, and they are folded under it', () => {
    // Prepare
    const conditions = [
      bad('ApiServersReady', ['server-1']),
      bad('NodesReady', ['server-1']),
      bad('EtcdHealthy', ['server-1']),
      bad('K3sRunning', ['server-1'], { message: '2 of 3 K3s services run; server-1: its service is down' }),
    ];

    // Act
    const lines = linesOf(statusView({ health: 'Degraded', conditions, nodes: [node({ slot: 'server-1' })] }));

    // Assess
    expect(lines[0]).toContain('K3sRunning: 2 of 3 K3s services run; server-1: its service is down');
    expect(lines).toContain('  because of it fail: ApiServersReady, NodesReady, EtcdHealthy');
    expect(lines.join('\n')).toContain('Keelson  restarts K3s on the node');
    expect(lines.join('\n')).toContain('keelson logs shop server-1');
  });

  it('folds nothing under a condition of another node', () => {
    const conditions = [bad('K3sRunning', ['server-1']), bad('NodesReady', ['server-1', 'workers-0'])];
    const { failing } = explain(statusView({ conditions }), { now: NOW });
    expect(failing.map((one) => one.condition)).toEqual(['K3sRunning', 'NodesReady']);
  });

  it('is that it cannot be observed, before what fails', () => {
    const message =
      'DescribeInstances: UnauthorizedOperation: You are not authorized to perform: ec2:DescribeInstances';
    const [first] = linesOf(
      statusView({ health: 'Unknown', conditions: [bad('NodesReady'), bad('Observed', undefined, { message })] }),
    );
    expect(first).toContain(message);
  });

  it('is that an instance was terminated while it is replaced, and not what the cluster lacks meanwhile', () => {
    // Prepare
    const lost = { instanceId: 'i-0123456789abcdef0', at: '2026-03-01T12:00:00.000Z', how: 'was terminated' };
    const nodes = [node(), node({ slot: 'server-1', instanceId: 'i-0fedcba9876543210', lost })];
    const running = step({ startedAt: '2026-03-01T12:00:58.000Z' });
    const conditions = [bad('EtcdHealthy', ['server-1'], { message: '2 of 3 etcd members vote, 2 are needed' })];
    const status = (more: Partial<StatusView> = {}) =>
      statusView({
        ...{ health: 'Degraded', conditions, nodes, operation: operation({ kind: 'repair', steps: [running] }) },
        ...more,
      });

    // Act
    const lines = linesOf(status());
    const ofAgents = linesOf(status({ conditions: [] }));
    const during = linesOf(status({ operation: operation({ kind: 'update', steps: [running] }) }));
    const late = linesOf(status({ operation: operation({ kind: 'repair', steps: [step({ startedAt: lost.at })] }) }), {
      now: Date.parse('2026-03-01T13:00:00.000Z'),
    });
    const unseen = linesOf(status({ conditions: [...conditions, bad('Observed')] }));

    // Assess
    const first = 'InstanceLost: server-1: i-0123456789abcdef0 was terminated';
    expect(lines[0]).toBe(`shop is Running, Degraded: ${first}`);
    expect(lines[1]).toBe('  since    2026-03-01 12:00:00Z (1m ago)');
    expect(lines[2]).toBe('  Keelson  repairs it now: server-1: join as server');
    expect(lines[3]).toMatch(
      /^ {2}you {6}nothing; .*CloudTrail .* lookup-events --region eu-west-1 .*AttributeValue=i-0123456789abcdef0$/,
    );
    expect(lines.join('\n')).toContain('  EtcdHealthy: 2 of 3 etcd members vote');
    expect(ofAgents[0]).toContain(first);
    expect(during[0]).toContain(first);
    expect(late[0]).toContain('server-1: join as server runs since');
    expect(unseen[0]).toContain('Observed');
  });

  it('is why Keelson replaces an instance, and names three of many', () => {
    // Prepare
    const lost = (id: number) => ({
      ...{ instanceId: `i-${id}`, at: `2026-03-01T12:00:0${id}.000Z`, how: 'is replaced: it is not Ready' },
      retired: true as const,
    });
    const nodes = [4, 1, 3, 2, 5].map((id) => node({ slot: `workers-${id}`, lost: lost(id) }));

    // Act
    const [first] = linesOf(statusView({ nodes, operation: operation({ kind: 'repair' }) }));

    // Assess
    expect(first).toBe(
      'shop is Running, Healthy: InstanceRetired: workers-1: i-1 is replaced: it is not Ready; workers-2: i-2 is replaced: it is not Ready; workers-3: i-3 is replaced: it is not Ready; and 2 more',
    );
  });

  it('is what no one has confirmed yet, as soon as it was seen once', () => {
    // Prepare: of a healthy cluster, whose conditions and health do not change by it
    const since = '2026-03-01T12:00:50.000Z';
    const suspected = [
      { of: 'server-0', message: 'its API server is not ready: etcd', since },
      { of: 'workers-1', message: 'its disk is 93 % full', since },
    ];

    // Act
    const lines = linesOf(statusView({ suspected }));
    const during = linesOf(statusView({ suspected, operation: operation() }));

    // Assess
    expect(lines[0]).toBe(
      'shop is Running, Healthy: server-0: its API server is not ready: etcd, seen once; and workers-1: its disk is 93 % full',
    );
    expect(lines.join('\n')).toContain('looks again before it acts');
    expect(during[0]).toContain('create is under way');
  });

  it('is a step that takes longer than its own past, with what it waits for', () => {
    // Prepare
    const past = operation({
      outcome: 'done',
      steps: [step({ kind: 'wait-for-agent', outcome: 'done', endedAt: '2026-03-01T12:00:06.000Z' })],
    });
    const running = step({ kind: 'wait-for-agent', slot: 'server-1', title: 'wait for the SSM agent' });
    const wait: Retry = {
      ...throttled,
      activity: 'awaitInstance',
      attempt: 1,
      failures: 0,
      code: 'AgentNotRegistered',
      message:
        'the SSM agent of i-0123456789abcdef0 has not registered yet: SSM has never heard of it; it runs in subnet-9',
      nextAt: null,
    };

    // Act
    const lines = linesOf(statusView({ operations: [past], operation: operation({ steps: [running] }) }), {
      retries: [wait],
    });

    // Assess
    expect(lines[0]).toMatch(
      /server-1: wait for the SSM agent runs since .*6 s at most in its last 1 run.*has not registered yet/,
    );
    expect(lines.join('\n')).toMatch(/you {6}check the route of subnet-9 to SSM.*--region eu-west-1/);
  });

  it('is a mirror that the worker cannot read, as soon as it is known and while something is under way', () => {
    // Prepare
    const conditions = [
      condition({
        type: 'MirrorReadable',
        status: 'Unknown',
        reason: 'NotReadByWorker',
        message: 'the worker cannot read K3s v1 at the mirror https://m: getaddrinfo ENOTFOUND m (GET https://m/sums)',
        hint: 'check spec.k3s.mirror and the way to it',
      }),
    ];

    // Act
    const creating = linesOf(statusView({ health: 'Unknown', conditions, operation: operation() })).join('\n');
    const resting = linesOf(statusView({ conditions }))[0];

    // Assess
    expect(creating).toMatch(/^shop is Running, Unknown: MirrorReadable: the worker cannot read .*ENOTFOUND/);
    expect(creating).toContain('Keelson  goes on, because nodes may reach a mirror that the worker does not');
    expect(creating).toContain('you      check spec.k3s.mirror');
    expect(resting).not.toContain('MirrorReadable');
  });

  it('says that all is as asked, and counts what is not measured', () => {
    expect(explain(statusView())).toMatchObject({ summary: 'it is what was asked for', failing: [], lastError: null });
    const unknown = condition({ status: 'Unknown', reason: 'NotMeasured' });
    expect(explain(statusView({ health: 'Unknown', conditions: [unknown] }))).toMatchObject({
      summary: 'nothing is known to be wrong; 1 condition(s) are not measured yet',
      failing: [],
      unmeasured: ['NodesReady'],
    });
  });

  it('says of a paused cluster what is wrong, and that nothing is done about it', () => {
    const lines = linesOf(statusView({ paused: true, conditions: [bad('DisksFree', ['server-0'])] })).join('\n');
    expect(lines).toMatch(/^shop is Running, Healthy: DisksFree/);
    expect(lines).toContain('Keelson  does nothing: it is paused');
    expect(lines).toContain('keelson resume shop');
  });
});

describe('explain: hints', () => {
  it.each([
    {
      code: 'UnauthorizedOperation',
      message:
        'RunInstances: UnauthorizedOperation: You are not authorized to perform this operation. User: arn:aws:sts::123456789012:assumed-role/keelson-worker/i-1 is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1 because no identity-based policy allows the ec2:RunInstances action',
      says: 'allow ec2:RunInstances on arn:aws:ec2:eu-west-1:123456789012:subnet/subnet-1 in eu-west-1 to arn:aws:sts::123456789012:assumed-role/keelson-worker/i-1 (account 123456789012)',
    },
    {
      code: 'InsufficientInstanceCapacity',
      message: 'RunInstances t3.medium in subnet-0a1 for server-0: InsufficientInstanceCapacity',
      says: 'add subnets of other zones of eu-west-1 besides subnet-0a1, or choose another type than t3.medium',
    },
    { code: 'SubnetUnknown', message: 'no subnet-1', says: 'aws ec2 describe-subnets --region eu-west-1' },
    { code: 'RequestExpired', message: 'Request has expired', says: 'fresh credentials' },
    { code: 'NodeScriptFailed', message: 'server-0 (i-1): install failed, exit 137:', says: 'memory ran out' },
    { code: 'VcpuLimitExceeded', message: 'limit', says: '--region eu-west-1 --service-code ec2' },
    {
      code: 'DependencyViolation',
      message: 'DeleteSecurityGroup sg-0a1: DependencyViolation: resource sg-0a1 has a dependent object',
      says: 'aws ec2 describe-network-interfaces --region eu-west-1 --filters Name=group-id,Values=sg-0a1',
    },
  ])('of $code are about this cluster', ({ code, message, says }) => {
    const lastError = failure({ code, message, hint: 'a general hint' });
    const steps = [step({ id: 'launch:server-0', outcome: 'failed', error: lastError })];
    const { cause } = explain(statusView({ operation: operation({ steps }), lastError }), { now: NOW });
    expect(cause.hints[0]).toContain(says);
  });
});

describe('explain of repairs that are held back', () => {
  const held = (code: string) => failure({ code, class: 'conflict', operation: null, step: null, slot: null });

  it.each([
    { code: 'RepairApprovalRequired', says: /waits for `keelson repair shop`/ },
    { code: 'RepairRateLimited', says: /within an hour; .*`keelson repair shop`/ },
    { code: 'QuorumLost', says: /most of its servers are lost/ },
    { code: 'QuorumAtRisk', says: /nothing is done that could cost the quorum/ },
    { code: 'SingleServer', says: /its disk is all there is/ },
    { code: 'AgentsUnreachable', says: /SSM has lost agents that have something in common/ },
  ])('says so of $code', ({ code, says }) => {
    const { cause } = explain(statusView({ lastError: held(code) }), { now: NOW });
    expect(cause.code).toBe(code);
    expect(cause.keelson).toMatch(says);
    expect(cause.hints.join()).not.toMatch(/keelson retry/);
  });

  it('shows what would be done, once', () => {
    // Prepare
    const message = 'it would: server-1: launch t3.medium; server-1: join';
    const lastError = { ...held('RepairApprovalRequired'), message };
    const waiting = { for: `a person: ${message}`, since: '2026-03-01T12:00:00.000Z', until: null };

    // Act
    const text = linesOf(statusView({ lastError, waiting }));

    // Assess
    expect(text.filter((line) => line.includes(message))).toEqual([
      `shop is Running, Healthy: RepairApprovalRequired: ${message}`,
    ]);
  });

  it('says what is under way once a person has asked for it', () => {
    const { summary } = explain(
      statusView({ lastError: held('RepairApprovalRequired'), operation: operation({ kind: 'repair', reason: 'r' }) }),
    );
    expect(summary).toBe('repair is under way (r)');
  });
});
