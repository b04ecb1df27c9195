import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SecurityGroupsInput } from '#src/activities/api.js';
import { ANY_OUT, permissionOf } from '#src/aws/security-groups/rules.js';
import { type GroupRole, groupRulesOf } from '#src/model/security-groups/rules.js';
import { awsError, documentWith, failureOf, makeActivities, scope, settled, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();
const IDS = { server: 'sg-s', agent: 'sg-a' };
const SSH: IpPermission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

const inputFor = (
  apiCidrs: string[],
  known: SecurityGroupsInput['known'] = IDS,
  agents = true,
): SecurityGroupsInput => ({
  ...scope,
  vpcId: 'vpc-1',
  known,
  rules: groupRulesOf(documentWith({ access: { apiCidrs } }), agents),
  tags: {},
});

/** A group as EC2 shows it, with the rules of a document that has these networks, and more. */
function groupAt(role: GroupRole, apiCidrs: string[], more: IpPermission[] = []): SecurityGroup {
  const rules = inputFor(apiCidrs).rules.filter((rule) => rule.of === role);
  return {
    GroupId: IDS[role],
    GroupName: `keelson-shop-uid-1-${role}s`,
    IpPermissions: [...rules.map((rule) => permissionOf(rule, IDS).permission), ...more],
    IpPermissionsEgress: [ANY_OUT],
  };
}

const ensure = (input: SecurityGroupsInput) => settled(start(activities.ensureSecurityGroups, input).result);
const sent = () => ec2.calls().map((call) => call.args[0].constructor.name);

beforeEach(() => {
  vi.useFakeTimers();
  ec2.on(AuthorizeSecurityGroupIngressCommand).resolves({});
  ec2.on(RevokeSecurityGroupIngressCommand).resolves({});
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
});

describe('security groups that are not there', () => {
  test('are made with tags and a name of their own, and get all rules in a call each although EC2 forgets them for a moment', async () => {
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [] });
    ec2.on(CreateSecurityGroupCommand).callsFake(({ GroupName }: { GroupName: string }) => ({
      GroupId: GroupName.endsWith('-servers') ? 'sg-s' : 'sg-a',
    }));
    ec2.on(AuthorizeSecurityGroupIngressCommand).rejectsOnce(awsError('InvalidGroup.NotFound')).resolves({});

    const made = await ensure(inputFor(['203.0.113.0/24'], null));

    const creates = ec2.commandCalls(CreateSecurityGroupCommand).map((call) => call.args[0].input);
    expect(creates.map((one) => one.GroupName)).toEqual(['keelson-shop-uid-1-servers', 'keelson-shop-uid-1-agents']);
    for (const one of creates)
      expect(one.TagSpecifications?.[0]?.Tags).toContainEqual({ Key: 'keelson:uid', Value: 'uid-1' });
    expect([made.groups.server.id, made.groups.agent?.id]).toEqual(['sg-s', 'sg-a']);
    // One of the two was refused once.
    expect(ec2.commandCalls(AuthorizeSecurityGroupIngressCommand)).toHaveLength(3);
  });

  test('are one alone, with a call for its rules, where the document has no pool', async () => {
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [] });
    ec2.on(CreateSecurityGroupCommand).resolves({ GroupId: 'sg-s' });

    const { groups, changed } = await ensure(inputFor(['203.0.113.0/24'], null, false));

    expect(sent()).toEqual([
      'DescribeSecurityGroupsCommand',
      'CreateSecurityGroupCommand',
      'AuthorizeSecurityGroupIngressCommand',
    ]);
    expect(groups).toEqual({
      server: { id: 'sg-s', rules: ['6443/tcp from 203.0.113.0/24', 'all from sg-s', 'all to 0.0.0.0/0'] },
      agent: null,
    });
    expect(changed.agent).toEqual({ missing: [], extra: [] });
  });

  test('are made for agents beside those of servers, which let them in, when the first pool comes', async () => {
    ec2
      .on(DescribeSecurityGroupsCommand)
      .resolvesOnce({ SecurityGroups: [{ ...groupAt('server', [], []), IpPermissions: [] }] })
      .resolvesOnce({ SecurityGroups: [] })
      .resolves({ SecurityGroups: [groupAt('server', [])] });
    ec2.on(CreateSecurityGroupCommand).resolves({ GroupId: 'sg-a' });

    const { groups, changed } = await ensure(inputFor([], { server: 'sg-s', agent: null }));

    expect(ec2.commandCalls(CreateSecurityGroupCommand).map((call) => call.args[0].input.GroupName)).toEqual([
      'keelson-shop-uid-1-agents',
    ]);
    expect(groups.agent?.id).toBe('sg-a');
    expect(changed.server.missing).toContain('0-2378/tcp from sg-a');
    expect(changed.agent.missing).toEqual(['all from sg-s', 'all from sg-a']);
  });

  test('takes no group for its own by the name alone', async () => {
    ec2.on(DescribeSecurityGroupsCommand).callsFake(({ Filters }: { Filters: { Name: string }[] }) => ({
      SecurityGroups: Filters.some(({ Name }) => Name.startsWith('tag:')) ? [] : [groupAt('server', [], [SSH])],
    }));
    ec2.on(CreateSecurityGroupCommand).rejects(awsError('InvalidGroup.Duplicate'));

    const failure = await failureOf(ensure(inputFor([], null)));

    expect(failure).toMatchObject({ code: 'ForeignSecurityGroup', class: 'conflict', nonRetryable: true });
    expect(failure.message).toContain('sg-s in vpc-1 has the name keelson-shop-uid-1-servers');
    expect(sent().filter((name) => /Authorize|Revoke/.test(name))).toEqual([]);
  });

  test('of another worker that was quicker are taken over, with its rules', async () => {
    const theirs = [groupAt('server', []), groupAt('agent', [])];
    ec2
      .on(DescribeSecurityGroupsCommand)
      .resolvesOnce({ SecurityGroups: [] })
      .callsFake(({ Filters }: { Filters: { Name: string; Values: string[] }[] }) => {
        const names = Filters.find(({ Name }) => Name === 'group-name')?.Values ?? [];
        return { SecurityGroups: theirs.filter(({ GroupName }) => names.includes(GroupName ?? '')) };
      });
    ec2.on(CreateSecurityGroupCommand).rejects(awsError('InvalidGroup.Duplicate'));

    const { groups, changed } = await ensure(inputFor([], null));

    expect([groups.server.id, groups.agent?.id]).toEqual(['sg-s', 'sg-a']);
    expect(changed).toEqual({ server: { missing: [], extra: [] }, agent: { missing: [], extra: [] } });
  });

  test('beyond the quota of the account are reported as that', async () => {
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [] });
    ec2.on(CreateSecurityGroupCommand).rejects(awsError('SecurityGroupLimitExceeded'));

    expect(await failureOf(ensure(inputFor([], null)))).toMatchObject({ class: 'quota', nonRetryable: true });
  });
});

describe('security groups that exist', () => {
  const show = (...answers: SecurityGroup[][]) => {
    const stub = ec2.on(DescribeSecurityGroupsCommand);
    for (const SecurityGroups of answers.slice(0, -1)) stub.resolvesOnce({ SecurityGroups });
    stub.resolves({ SecurityGroups: answers.at(-1) ?? [] });
  };

  test('with all their rules are left alone', async () => {
    show([groupAt('server', ['10.0.0.0/8']), groupAt('agent', [])]);

    await ensure(inputFor(['10.0.0.0/8']));

    expect(sent()).toEqual(['DescribeSecurityGroupsCommand']);
  });

  test('open what is missing before they close what is too much, and look whether EC2 shows it', async () => {
    show([groupAt('server', ['0.0.0.0/0'], [SSH]), groupAt('agent', [])], [groupAt('server', ['10.0.0.0/8'])]);

    const { groups, changed } = await ensure(inputFor(['10.0.0.0/8']));

    expect(sent()).toEqual([
      'DescribeSecurityGroupsCommand',
      'AuthorizeSecurityGroupIngressCommand',
      'RevokeSecurityGroupIngressCommand',
      'DescribeSecurityGroupsCommand',
    ]);
    expect(changed.server).toEqual({
      missing: ['6443/tcp from 10.0.0.0/8'],
      extra: ['6443/tcp from 0.0.0.0/0', '22/tcp from 0.0.0.0/0'],
    });
    expect(groups.server.rules).not.toContain('22/tcp from 0.0.0.0/0');
  });

  test('that are full close first, for there is no room for more', async () => {
    show([groupAt('server', ['0.0.0.0/0']), groupAt('agent', [])], [groupAt('server', ['10.0.0.0/8'])]);
    ec2
      .on(AuthorizeSecurityGroupIngressCommand)
      .rejectsOnce(awsError('RulesPerSecurityGroupLimitExceeded'))
      .resolves({});

    await ensure(inputFor(['10.0.0.0/8']));

    expect(sent().slice(1, -1)).toEqual([
      'AuthorizeSecurityGroupIngressCommand',
      'RevokeSecurityGroupIngressCommand',
      'AuthorizeSecurityGroupIngressCommand',
    ]);
  });

  test('that have no room at all are a matter of the quota', async () => {
    show([groupAt('server', []), groupAt('agent', [])]);
    ec2.on(AuthorizeSecurityGroupIngressCommand).rejects(awsError('RulesPerSecurityGroupLimitExceeded'));

    const failure = await failureOf(ensure(inputFor(['10.0.0.0/8'])));

    expect(failure).toMatchObject({ class: 'quota', hint: expect.stringMatching(/apiCidrs/) });
  });

  test('take a rule that is there already, or gone already, for done', async () => {
    show(
      [groupAt('server', ['0.0.0.0/0'], [SSH]), groupAt('agent', [])],
      [groupAt('server', ['10.0.0.0/8', '10.1.0.0/16'])],
    );
    ec2
      .on(AuthorizeSecurityGroupIngressCommand)
      .rejectsOnce(awsError('InvalidPermission.Duplicate'))
      .rejectsOnce(awsError('InvalidPermission.Duplicate'))
      .resolves({});
    ec2.on(RevokeSecurityGroupIngressCommand).resolves({ UnknownIpPermissions: [SSH] });

    const { changed } = await ensure(inputFor(['10.0.0.0/8', '10.1.0.0/16']));

    expect(changed.server).toEqual({
      missing: ['6443/tcp from 10.1.0.0/16'],
      extra: ['6443/tcp from 0.0.0.0/0'],
    });
  });

  test('get the rule back that lets nodes out', async () => {
    show([groupAt('server', []), { ...groupAt('agent', []), IpPermissionsEgress: [] }], [groupAt('agent', [])]);
    ec2.on(AuthorizeSecurityGroupEgressCommand).resolves({});

    const { changed } = await ensure(inputFor([]));

    expect(changed.agent).toEqual({ missing: ['all to 0.0.0.0/0'], extra: [] });
  });

  test('that someone else changes back at once are reported as that', async () => {
    show([groupAt('server', ['0.0.0.0/0']), groupAt('agent', [])]);

    const failure = await failureOf(ensure(inputFor(['10.0.0.0/8'])));

    expect(failure).toMatchObject({ code: 'GroupRulesNotSeen', class: 'transient', nonRetryable: false });
  });
});
