import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { presentRules, wantedRules } from '../../../../src/activities/ec2/group-rules.js';
import { awsError, failureOf, makeActivities, scope, settled, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();
const input = { ...scope, vpcId: 'vpc-1', vpcCidr: '10.0.0.0/16', apiCidrs: ['203.0.113.0/24'], tags: {} };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
});

describe('the security group', () => {
  test('is made with its tags in one call, and gets its rules although EC2 forgets it for a moment', async () => {
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [] });
    ec2.on(CreateSecurityGroupCommand).resolves({ GroupId: 'sg-1' });
    ec2.on(AuthorizeSecurityGroupIngressCommand).rejectsOnce(awsError('InvalidGroup.NotFound')).resolves({});

    const made = await settled(start(activities.ensureSecurityGroup, input).result);

    const [create] = ec2.commandCalls(CreateSecurityGroupCommand);
    expect(made).toEqual({ securityGroupId: 'sg-1' });
    expect(create?.args[0].input.TagSpecifications?.[0]?.Tags).toContainEqual({ Key: 'keelson:uid', Value: 'uid-1' });
    expect(ec2.commandCalls(AuthorizeSecurityGroupIngressCommand)).toHaveLength(7);
  });

  test('of another worker that was quicker is taken over', async () => {
    ec2
      .on(DescribeSecurityGroupsCommand)
      .resolvesOnce({ SecurityGroups: [] })
      .resolves({ SecurityGroups: [{ GroupId: 'sg-theirs', IpPermissions: [] }] });
    ec2.on(CreateSecurityGroupCommand).rejects(awsError('InvalidGroup.Duplicate'));
    ec2.on(AuthorizeSecurityGroupIngressCommand).rejects(awsError('InvalidPermission.Duplicate'));

    const made = await settled(start(activities.ensureSecurityGroup, input).result);

    expect(made).toEqual({ securityGroupId: 'sg-theirs' });
  });

  test('that has all its rules is left alone', async () => {
    const IpPermissions = wantedRules('sg-1', input.apiCidrs).map((rule) => rule.permission);
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [{ GroupId: 'sg-1', IpPermissions }] });

    await settled(start(activities.ensureSecurityGroup, input).result);

    expect(ec2.calls()).toHaveLength(1);
  });

  test('loses a network of ours that is no longer wanted', async () => {
    const IpPermissions = wantedRules('sg-1', [...input.apiCidrs, '192.0.2.0/24']).map((rule) => rule.permission);
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [{ GroupId: 'sg-1', IpPermissions }] });
    ec2.on(RevokeSecurityGroupIngressCommand).resolves({});

    await settled(start(activities.ensureSecurityGroup, input).result);

    const revoked = ec2.commandCalls(RevokeSecurityGroupIngressCommand).map((call) => call.args[0].input.IpPermissions);
    expect(revoked).toMatchObject([[{ FromPort: 6443, IpRanges: [{ CidrIp: '192.0.2.0/24' }] }]]);
  });

  test('beyond the quota of the account says so', async () => {
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [] });
    ec2.on(CreateSecurityGroupCommand).rejects(awsError('SecurityGroupLimitExceeded'));

    const failure = await failureOf(settled(start(activities.ensureSecurityGroup, input).result));

    expect(failure).toMatchObject({ class: 'quota', nonRetryable: true });
  });
});

describe('its rules', () => {
  test('read back from EC2 have the keys that they were asked for with', () => {
    const wanted = wantedRules('sg-1', ['10.1.2.3/8', '2001:db8:0:0::1/32']);

    const present = presentRules(wanted.map((rule) => rule.permission));

    expect(present.map((rule) => rule.key)).toEqual(wanted.map((rule) => rule.key));
    expect(present.map((rule) => rule.key)).toContain('tcp 6443-6443 10.0.0.0/8');
    expect(present.map((rule) => rule.key)).toContain('tcp 6443-6443 2001:db8::/32');
  });

  test('open nothing to the world unless the document says so', () => {
    const open = wantedRules('sg-1', []).filter((rule) => rule.permission.IpRanges ?? rule.permission.Ipv6Ranges);

    expect(open).toEqual([]);
  });
});
