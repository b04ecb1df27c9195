import { AwsError } from '../../aws-error.js';
import { encodeUserData } from '../../machine/user-data.js';
import type { Ec2Instance } from '../account.js';
import type { Action, Ec2Context } from '../context.js';
import { findGroup, findInstance } from '../find.js';
import { checkShape } from '../ids.js';
import { architectureMismatch } from '../launch-request.js';
import { missing, type Params } from '../params.js';
import { findType, isOffered } from '../types.js';

/** InstanceType requires a stopped instance. [docs: EC2 change instance type] */
export const modifyInstanceAttribute: Action = (context, params) => {
  const instance = findInstance(context, params.required('InstanceId'));
  const type = params.struct('InstanceType').text('Value');
  const protect = params.struct('DisableApiTermination').flag('Value');
  const groups = params.list('GroupId');
  const devices = params.structs('BlockDeviceMapping');
  if (type !== undefined) {
    const wanted = findType(type);
    if (wanted === undefined) {
      throw new AwsError('InvalidInstanceAttributeValue', 400, `Invalid value '${type}' for InstanceType.`);
    }
    if (instance.state !== 'stopped') {
      throw new AwsError('IncorrectInstanceState', 400, `The instance '${instance.id}' is not in the 'stopped' state.`);
    }
    if (wanted.architecture !== instance.architecture) throw architectureMismatch(wanted, instance.architecture);
    if (!isOffered(wanted, instance.zone)) {
      const message = `The requested instance type (${type}) is not supported in the instance's Availability Zone (${instance.zone}).`;
      throw new AwsError('Unsupported', 400, message);
    }
    instance.type = type;
  } else if (devices.length > 0) {
    for (const device of devices) keepOnTermination(context, instance, device);
  } else if (protect !== undefined) {
    instance.terminationProtected = protect;
  } else if (groups.length > 0) {
    // [hashicorp/terraform#14299]
    if (instance.furtherInterfaces.length > 0) {
      const message = `There are multiple interfaces attached to instance '${instance.id}'. Please specify an interface ID for the operation instead.`;
      throw new AwsError('InvalidInstanceID', 400, message);
    }
    instance.securityGroupIds = groupsFor(context, instance, groups);
  } else {
    throw missing('Attribute');
  }
  return { return: true };
};

/** Only the groups can change here. [docs: EC2 ModifyNetworkInterfaceAttribute] */
export const modifyNetworkInterfaceAttribute: Action = (context, params) => {
  const id = params.required('NetworkInterfaceId');
  checkShape([id], 'eni', 'InvalidNetworkInterfaceId.Malformed');
  const groups = params.list('SecurityGroupId');
  if (groups.length === 0) throw missing('Attribute');
  for (const instance of context.account.instances.values()) {
    if (instance.state === 'terminated') continue;
    const further = instance.furtherInterfaces.find((face) => face.id === id);
    if (further === undefined && instance.networkInterfaceId !== id) continue;
    (further ?? instance).securityGroupIds = groupsFor(context, instance, groups);
    return { return: true };
  }
  throw new AwsError('InvalidNetworkInterfaceID.NotFound', 400, `The networkInterface ID '${id}' does not exist`);
};

/** Groups of an interface, at most. [docs: VPC quotas, security groups per network interface] */
const MAX_GROUPS = 5;

function groupsFor(context: Ec2Context, { id, vpcId }: Ec2Instance, ids: readonly string[]): string[] {
  for (const group of ids.map((one) => findGroup(context, one))) {
    if (group.vpcId === vpcId) continue;
    const message = `Security group ${group.id} and instance ${id} belong to different networks.`;
    throw new AwsError('InvalidParameter', 400, message);
  }
  const groups = [...new Set(ids)];
  if (groups.length <= MAX_GROUPS) return groups;
  const message = 'The maximum number of security groups per interface has been reached.';
  throw new AwsError('SecurityGroupsPerInterfaceLimitExceeded', 400, message);
}

/** The one setting of an attached volume that can change. [docs: EC2 ModifyInstanceAttribute] */
function keepOnTermination({ account }: Ec2Context, instance: Ec2Instance, device: Params): void {
  const name = device.required('DeviceName');
  const deletes = device.struct('Ebs').flag('DeleteOnTermination');
  const attached = instance.blockDevices.find(({ deviceName }) => deviceName === name);
  if (attached === undefined || deletes === undefined) {
    const message = `No device is currently mapped at ${name}`;
    throw new AwsError('InvalidInstanceAttributeValue', 400, message);
  }
  attached.deleteOnTermination = deletes;
  const volume = account.volumes.get(attached.volumeId);
  if (volume !== undefined) volume.deleteOnTermination = deletes;
}

export const describeInstanceAttribute: Action = (context, params) => {
  const instance = findInstance(context, params.required('InstanceId'));
  const attribute = params.required('Attribute');
  const values = {
    instanceType: { instanceType: { value: instance.type } },
    disableApiTermination: { disableApiTermination: { value: instance.terminationProtected } },
    userData: { userData: { value: encodeUserData(instance.userData) } },
  };
  if (!(attribute in values))
    throw new AwsError('InvalidParameterValue', 400, `Value (${attribute}) is not modelled here.`);
  return { instanceId: instance.id, ...values[attribute as keyof typeof values] };
};
