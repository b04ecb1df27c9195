import {
  CreateSecurityGroupCommand,
  DescribeInstancesCommand,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestRegion, type TestRegion } from '../local-region.js';
import { launchOne } from './launch-one.js';

describe('the security groups of an instance', () => {
  let region: TestRegion;
  let id: string;

  beforeEach(async () => {
    region = await startTestRegion();
    id = await launchOne(region);
  });
  afterEach(() => region.close());

  const change = (...Groups: string[]) =>
    region.ec2Client().send(new ModifyInstanceAttributeCommand({ InstanceId: id, Groups }));
  async function group(GroupName: string): Promise<string> {
    const { GroupId } = await region.ec2Client().send(new CreateSecurityGroupCommand({ GroupName, Description: 'x' }));
    return GroupId ?? '';
  }
  async function shown() {
    const seen = await region.ec2Client().send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    const { SecurityGroups = [], NetworkInterfaces = [] } = seen.Reservations?.[0]?.Instances?.[0] ?? {};
    const faces = NetworkInterfaces.map(({ NetworkInterfaceId = '', Attachment, Groups = [] }) => ({
      id: NetworkInterfaceId,
      index: Attachment?.DeviceIndex,
      groups: Groups.map(({ GroupId }) => GroupId),
    }));
    return { groups: SecurityGroups.map(({ GroupId }) => GroupId), faces };
  }

  it('are those of its interface, and change at once', async () => {
    const one = await group('one');

    await change(one);

    expect(await shown()).toMatchObject({ groups: [one], faces: [{ index: 0, groups: [one] }] });
  });

  it('are five at most, and exist', async () => {
    const six = await Promise.all(['1', '2', '3', '4', '5', '6'].map(group));
    const before = await shown();

    await expect(change(...six)).rejects.toMatchObject({ name: 'SecurityGroupsPerInterfaceLimitExceeded' });
    await expect(change('sg-0123456789abcdef0')).rejects.toMatchObject({ name: 'InvalidGroup.NotFound' });
    expect(await shown()).toEqual(before);
  });

  it('change only by interface once it has several', async () => {
    // Prepare
    const [one, before] = [await group('one'), await shown()];
    await region.post(`/_region/instances/${id}/attach-interface`);
    const { faces } = await shown();
    const NetworkInterfaceId = faces[0]?.id;

    // Act
    await expect(change(one)).rejects.toMatchObject({
      name: 'InvalidInstanceID',
      message: expect.stringContaining(`There are multiple interfaces attached to instance '${id}'`),
    });
    await region.ec2Client().send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Groups: [one] }));

    // Assess
    expect(await shown()).toMatchObject({
      groups: [one],
      faces: [
        { index: 0, groups: [one] },
        { index: 1, groups: before.groups },
      ],
    });
  });
});
