import { AwsError } from '../../aws-error.js';
import type { Action } from '../context.js';
import { findInstance, findVolume } from '../find.js';
import { invalidValue } from '../params.js';
import { attachmentXml } from './volumes.js';

/** A volume goes to one instance at most, of the same zone, running or stopped. [docs: EC2 AttachVolume] */
export const attachVolume: Action = (context, params) => {
  const volume = findVolume(context, params.required('VolumeId'));
  const instance = findInstance(context, params.required('InstanceId'));
  const device = params.required('Device');
  if (volume.instanceId !== null)
    throw new AwsError('VolumeInUse', 400, `${volume.id} is already attached to an instance`);
  if (volume.zone !== instance.zone) {
    const message = `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`;
    throw new AwsError('InvalidVolume.ZoneMismatch', 400, message);
  }
  if (instance.state !== 'running' && instance.state !== 'stopped')
    throw new AwsError('IncorrectState', 400, `Instance '${instance.id}' is not 'running'.`);
  if (instance.blockDevices.some(({ deviceName }) => deviceName === device))
    throw invalidValue('device', device, `Attachment point ${device} is already in use`);
  const now = new Date();
  volume.instanceId = instance.id;
  volume.deviceName = device;
  volume.deleteOnTermination = false;
  volume.attachedAt = now.getTime() + context.world.profile.attach;
  const attached = { deviceName: device, volumeId: volume.id, deleteOnTermination: false };
  instance.blockDevices.push({ ...attached, attachedAt: now.toISOString() });
  context.host.plug?.(instance, volume.id);
  return attachmentXml(volume);
};

/** [docs: EC2 DetachVolume] */
export const detachVolume: Action = (context, params) => {
  const volume = findVolume(context, params.required('VolumeId'));
  const { instanceId } = volume;
  if (instanceId === null)
    throw new AwsError('IncorrectState', 400, `Volume '${volume.id}' is in the 'available' state.`);
  const instance = findInstance(context, instanceId);
  const asked = params.text('InstanceId');
  if (asked !== undefined && asked !== instanceId) {
    const message = `The volume '${volume.id}' is not attached to instance '${asked}'`;
    throw new AwsError('InvalidAttachment.NotFound', 400, message);
  }
  if (volume.deviceName === instance.rootDeviceName && instance.state !== 'stopped') {
    const message = `Unable to detach root volume '${volume.id}' from instance '${instanceId}'`;
    throw new AwsError('OperationNotPermitted', 400, message);
  }
  const before = attachmentXml(volume);
  instance.blockDevices = instance.blockDevices.filter((device) => device.volumeId !== volume.id);
  volume.instanceId = null;
  context.host.unplug?.(instance, volume.id);
  return { ...before, status: 'detaching' };
};
