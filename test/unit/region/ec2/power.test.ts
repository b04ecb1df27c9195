import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  ModifyInstanceAttributeCommand,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestRegion, type TestRegion } from '../local-region.js';
import { launchOne, reaches } from './launch-one.js';

describe('power of instances', () => {
  let region: TestRegion;
  let id: string;

  beforeEach(async () => {
    region = await startTestRegion();
    id = await launchOne(region);
  });
  afterEach(() => region.close());

  const one = () => ({ InstanceIds: [id] });
  const instance = () => region.world.instances.get(id);

  it('keeps the private address over stop and start, and gets another public one', async () => {
    // Prepare
    const before = { ...instance() };
    const ec2 = region.ec2Client();

    // Act
    const stopping = await ec2.send(new StopInstancesCommand(one()));
    await reaches(region, id, 'stopped');
    const stoppedIp = instance()?.publicIp;
    const starting = await ec2.send(new StartInstancesCommand(one()));
    await reaches(region, id, 'running');

    // Assess
    expect(stopping.StoppingInstances).toMatchObject([
      { PreviousState: { Name: 'running' }, CurrentState: { Name: 'stopping', Code: 64 } },
    ]);
    expect(starting.StartingInstances).toMatchObject([{ CurrentState: { Name: 'pending' } }]);
    expect(stoppedIp).toBeNull();
    expect(instance()?.privateIp).toBe(before.privateIp);
    expect(instance()?.publicIp).toMatch(/^127\./);
    expect(instance()?.publicIp).not.toBe(before.publicIp);
    expect(instance()?.boots).toBe(2);
    expect(region.machineLog).toEqual([`boot ${id}`, `shutdown ${id}`, `boot ${id}`]);
  });

  it('does nothing to an instance that already is as asked', async () => {
    // Act
    await region.ec2Client().send(new StartInstancesCommand(one()));
    await region.ec2Client().send(new TerminateInstancesCommand(one()));
    await reaches(region, id, 'terminated');
    const again = await region.ec2Client().send(new TerminateInstancesCommand(one()));

    // Assess
    expect(again.TerminatingInstances).toMatchObject([{ PreviousState: { Name: 'terminated' } }]);
    expect(region.machineLog.filter((line) => line.startsWith('boot'))).toHaveLength(1);
  });

  it('changes the type of a stopped instance only, and only to one of its architecture', async () => {
    // Prepare
    const ec2 = region.ec2Client();
    const change = (type: string) =>
      ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: type } }));
    await expect(change('t3.large')).rejects.toMatchObject({ name: 'IncorrectInstanceState' });
    await ec2.send(new StopInstancesCommand(one()));
    await reaches(region, id, 'stopped');

    // Act
    await expect(change('t4g.small')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(change('nonsense')).rejects.toMatchObject({ name: 'InvalidInstanceAttributeValue' });
    await change('t3.large');

    // Assess
    const seen = await ec2.send(new DescribeInstancesCommand(one()));
    expect(seen.Reservations?.[0]?.Instances?.[0]?.InstanceType).toBe('t3.large');
  });

  it('lacks capacity at the start of a stopped instance', async () => {
    // Prepare
    await region.ec2Client().send(new StopInstancesCommand(one()));
    await reaches(region, id, 'stopped');
    await region.post('/_region/faults', { point: 'capacity', match: { operation: 'start' }, effect: 'none' });

    // Act
    const refused = region.ec2Client().send(new StartInstancesCommand(one()));

    // Assess
    await expect(refused).rejects.toMatchObject({ name: 'InsufficientInstanceCapacity' });
    expect(instance()?.state).toBe('stopped');
  });

  it('does not terminate what is protected', async () => {
    // Prepare
    const ec2 = region.ec2Client();
    const protect = (Value: boolean) =>
      ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value } }));
    await protect(true);

    // Act
    const refused = ec2.send(new TerminateInstancesCommand(one()));

    // Assess
    await expect(refused).rejects.toMatchObject({ name: 'OperationNotPermitted' });
    await protect(false);
    await ec2.send(new TerminateInstancesCommand(one()));
    await reaches(region, id, 'terminated');
  });

  it('reboots without leaving running', async () => {
    // Act
    await region.ec2Client().send(new RebootInstancesCommand(one()));

    // Assess
    expect(instance()?.state).toBe('running');
    expect(region.machineLog).toEqual([`boot ${id}`, `reboot ${id}`]);
  });

  it('refuses what the state does not allow', async () => {
    // Prepare
    const ec2 = region.ec2Client();
    await ec2.send(new TerminateInstancesCommand(one()));
    await reaches(region, id, 'terminated');

    // Act and assess
    await expect(ec2.send(new StartInstancesCommand(one()))).rejects.toMatchObject({ name: 'IncorrectInstanceState' });
    await expect(ec2.send(new StopInstancesCommand(one()))).rejects.toMatchObject({ name: 'IncorrectInstanceState' });
    await expect(ec2.send(new RebootInstancesCommand(one()))).rejects.toMatchObject({ name: 'IncorrectInstanceState' });
  });

  it('goes on calling a crashed instance running, with failed status checks', async () => {
    // Prepare
    const ec2 = region.ec2Client();

    // Act
    const answer = await region.post(`/_region/instances/${id}/crash`);

    // Assess
    expect(answer.status).toBe(200);
    const { InstanceStatuses } = await ec2.send(new DescribeInstanceStatusCommand(one()));
    expect(InstanceStatuses).toMatchObject([
      {
        InstanceState: { Name: 'running' },
        InstanceStatus: { Status: 'impaired' },
        SystemStatus: { Status: expect.stringMatching(/^(initializing|ok)$/) },
      },
    ]);
  });

  it('does not pass on to the next instance what a fault plan says of one by its id', async () => {
    // Prepare
    const ec2 = region.ec2Client();
    const statusOf = async (instanceId: string) => {
      const { InstanceStatuses } = await ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [instanceId] }));
      return InstanceStatuses?.[0]?.InstanceStatus?.Status;
    };
    await region.post('/_region/faults', { point: 'status-check', instance: id, effect: 'impaired' });
    const before = await statusOf(id);

    // Act
    await ec2.send(new TerminateInstancesCommand(one()));
    await reaches(region, id, 'terminated');
    const next = await launchOne(region);

    // Assess
    expect(before).toBe('impaired');
    expect(await statusOf(next)).toMatch(/^(initializing|ok)$/);
  });

  it.each([
    ['stop', 'stopped', 'shutdown'],
    ['terminate', 'terminated', 'shutdown'],
    ['terminate?hard', 'terminated', 'crash'],
  ] as const)('lets someone else %s an instance', async (action, state, told) => {
    // Act
    await region.post(`/_region/instances/${id}/${action}`);
    await reaches(region, id, state);

    // Assess
    expect(region.machineLog).toContain(`${told} ${id}`);
  });
});
