import {
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Tagged } from '#src/aws/tagged.js';
import { remove } from '#src/cli/orphans/remove.js';
import { awsError, settled, testClients } from '../../activities/support.js';

const ec2 = mockClient(EC2Client);
const clients = testClients();

beforeEach(() => {
  vi.useFakeTimers();
  ec2.on(TerminateInstancesCommand).resolves({});
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
  ec2.on(DeleteVolumeCommand).resolves({});
  ec2.on(DeleteSecurityGroupCommand).resolves({});
});
afterEach(() => {
  vi.useRealTimers();
  ec2.reset();
});

const tagged = (kind: Tagged['kind'], id: string): Tagged => ({
  ...{
    kind,
    id,
    region: 'eu-west-1',
    account: null,
    installation: 'inst-1',
    cluster: 'shop',
    uid: 'uid-1',
    name: '',
    state: '',
    type: '',
  },
  ...{ sizeGiB: null, createdAt: null },
});
const all = [tagged('security-group', 'sg-1'), tagged('volume', 'vol-1'), tagged('instance', 'i-1')];
const removeAll = (doomed = all) => settled(remove(() => clients, doomed, new AbortController().signal));

describe('removing orphans', () => {
  it('ends instances first, waits until they are gone, then takes volumes and groups', async () => {
    // Prepare
    const going = { Reservations: [{ Instances: [{ State: { Name: 'shutting-down' as const } }] }] };
    ec2.on(DescribeInstancesCommand).resolvesOnce(going).resolves({ Reservations: [] });

    // Act
    const failures = await removeAll();

    // Assess
    expect([...failures]).toEqual([]);
    expect(ec2.calls().map((call) => call.args[0].constructor.name.replace('Command', ''))).toEqual([
      'TerminateInstances',
      'DescribeInstances',
      'DescribeInstances',
      'DeleteVolume',
      'DeleteSecurityGroup',
    ]);
  });

  it('takes what has gone meanwhile for gone, and waits for what is still in use', async () => {
    ec2.on(DeleteVolumeCommand).rejects(awsError('InvalidVolume.NotFound'));
    ec2.on(DeleteSecurityGroupCommand).rejectsOnce(awsError('DependencyViolation')).resolves({});

    expect([...(await removeAll())]).toEqual([]);
    expect(ec2.commandCalls(DeleteSecurityGroupCommand)).toHaveLength(2);
  });

  it('closes the rules by which groups name each other before it deletes them', async () => {
    // Prepare
    const naming = (GroupId: string, other: string) => ({
      GroupId,
      IpPermissions: [
        { IpProtocol: 'tcp', FromPort: 10250, ToPort: 10250, UserIdGroupPairs: [{ GroupId: other }, { GroupId }] },
      ],
    });
    const SecurityGroups = [naming('sg-1', 'sg-2'), naming('sg-2', 'sg-1')];
    ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups });
    ec2.on(RevokeSecurityGroupIngressCommand).resolves({});

    // Act
    const failures = await removeAll([tagged('security-group', 'sg-1'), tagged('security-group', 'sg-2')]);

    // Assess
    expect([...failures]).toEqual([]);
    const revoked = ec2.commandCalls(RevokeSecurityGroupIngressCommand).map((call) => call.args[0].input);
    expect(revoked.map(({ GroupId, IpPermissions }) => [GroupId, IpPermissions?.[0]?.UserIdGroupPairs])).toEqual([
      ['sg-1', [{ GroupId: 'sg-2' }]],
      ['sg-2', [{ GroupId: 'sg-1' }]],
    ]);
    expect(ec2.calls().at(-1)?.args[0].constructor.name).toBe('DeleteSecurityGroupCommand');
  });

  it('says what holds one, and deletes the others', async () => {
    // Prepare
    ec2.on(TerminateInstancesCommand, { InstanceIds: ['i-1'] }).rejects(awsError('OperationNotPermitted', 'protected'));

    // Act
    const failures = await removeAll([tagged('instance', 'i-1'), tagged('instance', 'i-2')]);

    // Assess
    expect([...failures.keys()]).toEqual(['i-1']);
    expect(failures.get('i-1')).toContain('protected');
    expect(ec2.commandCalls(TerminateInstancesCommand)).toHaveLength(2);
  });
});
