import { AwsError } from '../../aws-error.js';
import { encodeUserData } from '../../machine/user-data.js';
import type { Ec2Instance } from '../account.js';
import type { Action, Ec2Context } from '../context.js';
import { findGroup, findInstance } from '../find.js';
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
    instance.securityGroupIds = groups.map((id) => findGroup(context, id).id);
  } else {
    throw missing('Attribute');
  }
  return { return: true };
};

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
