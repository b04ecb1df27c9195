import {
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { awsError, failureOf, makeActivities, scope, settled, start, tokenOf } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();

beforeEach(() => {
  vi.useFakeTimers();
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
  ec2.on(DescribeVolumesCommand).resolves({ Volumes: [] });
  ec2.on(DescribeSnapshotsCommand).resolves({ Snapshots: [] });
  ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [] });
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
});

const instances = (state: 'running' | 'shutting-down') => ({
  Reservations: [{ Instances: [{ InstanceId: 'i-1', ClientToken: tokenOf('server-0', 1), State: { Name: state } }] }],
});

const GROUP = { GroupId: 'sg-1', GroupName: 'keelson-shop-uid-1-servers' };

describe('the sweep', () => {
  test('of nothing looks twice, for what was just made may not be listed yet', async () => {
    const swept = await settled(start(activities.sweep, scope).result);

    expect(swept).toEqual({ instances: [], volumes: [], snapshots: [], securityGroups: [] });
    expect(ec2.commandCalls(DescribeInstancesCommand)).toHaveLength(2);
  });

  test('asks for all three tags, so that nothing of another installation or cluster is touched', async () => {
    await settled(start(activities.sweep, scope).result);

    for (const call of ec2.calls()) {
      const { Filters: filters } = call.args[0].input as { Filters: { Name: string; Values: string[] }[] };
      expect(filters).toContainEqual({ Name: 'tag:keelson:installation', Values: ['inst-1'] });
      expect(filters).toContainEqual({ Name: 'tag:keelson:uid', Values: ['uid-1'] });
      expect(filters).toContainEqual({ Name: 'tag:keelson:cluster', Values: ['shop'] });
    }
  });

  test('ends instances first, then volumes and the group as they come free', async () => {
    ec2
      .on(DescribeInstancesCommand)
      .resolvesOnce(instances('running'))
      .resolvesOnce(instances('shutting-down'))
      .resolves({ Reservations: [] });
    ec2
      .on(DescribeVolumesCommand)
      .resolvesOnce({ Volumes: [{ VolumeId: 'vol-1', State: 'in-use' }] })
      .resolvesOnce({ Volumes: [{ VolumeId: 'vol-1', State: 'in-use' }] })
      .resolvesOnce({ Volumes: [{ VolumeId: 'vol-1', State: 'available' }] })
      .resolves({ Volumes: [] });
    const group = { SecurityGroups: [GROUP] };
    ec2
      .on(DescribeSecurityGroupsCommand)
      .resolvesOnce(group)
      .resolvesOnce(group)
      .resolvesOnce(group)
      .resolvesOnce(group)
      .resolves({ SecurityGroups: [] });
    ec2.on(TerminateInstancesCommand).resolves({});
    ec2.on(DeleteVolumeCommand).resolves({});
    ec2.on(DeleteSecurityGroupCommand).rejectsOnce(awsError('DependencyViolation')).resolves({});

    const swept = await settled(start(activities.sweep, scope).result);

    expect(swept).toEqual({ instances: ['i-1'], volumes: ['vol-1'], snapshots: [], securityGroups: ['sg-1'] });
    expect(ec2.commandCalls(TerminateInstancesCommand)).toHaveLength(1);
    expect(ec2.commandCalls(DeleteVolumeCommand)).toHaveLength(1);
    expect(ec2.commandCalls(DeleteSecurityGroupCommand)).toHaveLength(2);
  });

  test("leaves alone what carries the tags and is not the cluster's", async () => {
    const foreign = { InstanceId: 'i-foreign', ClientToken: 'somebody-else', State: { Name: 'running' as const } };
    ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: [foreign] }] });
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [{ GroupId: 'sg-theirs', GroupName: 'theirs' }] });

    const swept = await settled(start(activities.sweep, scope).result);

    expect(swept).toEqual({ instances: [], volumes: [], snapshots: [], securityGroups: [] });
    expect(ec2.commandCalls(TerminateInstancesCommand)).toHaveLength(0);
    expect(ec2.commandCalls(DeleteSecurityGroupCommand)).toHaveLength(0);
  });

  test('tells at once which group is in use, as a wait, and no longer when it is free', async () => {
    // Prepare
    ec2
      .on(DescribeSecurityGroupsCommand)
      .resolvesOnce({ SecurityGroups: [GROUP] })
      .resolvesOnce({ SecurityGroups: [GROUP] })
      .resolves({ SecurityGroups: [] });
    ec2.on(DeleteSecurityGroupCommand).rejectsOnce(awsError('DependencyViolation', 'in use')).resolves({});

    // Act
    const { result, troubles } = start(activities.sweep, scope);
    await settled(result);

    // Assess
    const told = troubles.filter((one) => one !== null);
    expect(told[0]).toMatchObject({
      code: 'DependencyViolation',
      message: expect.stringContaining('DeleteSecurityGroup sg-1'),
      failures: 0,
    });
    expect(troubles.at(-1)).toBeNull();
  });

  test('says after a minute which group someone else still uses, and lets Temporal try again', async () => {
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [GROUP] });
    ec2.on(DeleteSecurityGroupCommand).rejects(awsError('DependencyViolation', 'resource sg-1 has a dependent object'));

    const failure = await failureOf(settled(start(activities.sweep, scope).result));

    expect(failure).toMatchObject({ code: 'DependencyViolation', class: 'conflict', nonRetryable: false });
    expect(failure.message).toContain('DeleteSecurityGroup sg-1');
  });

  test('goes on where an earlier attempt ended, and tells of what that found', async () => {
    const found = { instances: ['i-1'], volumes: [], snapshots: [], securityGroups: [] };

    const swept = await settled(start(activities.sweep, scope, { attempt: 2, heartbeatDetails: found }).result);

    expect(swept).toEqual(found);
  });
});
