import { AwsError } from '../../aws-error.js';
import type { Xml } from '../../xml.js';
import type { Volume } from '../account.js';
import type { Action } from '../context.js';
import { type Fields, filtered } from '../filters.js';
import { findVolume } from '../find.js';
import { pageOf } from '../pages.js';
import { tagSet } from '../tags.js';

const FIELDS: Fields<Volume> = {
  'volume-id': ({ id }) => id,
  status: statusOf,
  'attachment.instance-id': ({ instanceId }) => instanceId ?? [],
  'availability-zone': ({ zone }) => zone,
  'volume-type': ({ type }) => type,
};

export const describeVolumes: Action = (context, params) => {
  const ids = params.list('VolumeId');
  const all = ids.length > 0 ? ids.map((id) => findVolume(context, id)) : context.account.volumes.values();
  const page = pageOf(filtered(all, params, FIELDS), params, ({ id }) => id);
  return { volumeSet: page.items.map(volumeXml), nextToken: page.nextToken };
};

export const deleteVolume: Action = (context, params) => {
  const volume = findVolume(context, params.required('VolumeId'));
  if (volume.instanceId !== null) {
    const message = `Volume ${volume.id} is currently attached to ${volume.instanceId}`;
    throw new AwsError('VolumeInUse', 400, message);
  }
  context.account.volumes.delete(volume.id);
  return { return: true };
};

function statusOf({ instanceId }: Volume): string {
  return instanceId === null ? 'available' : 'in-use';
}

function volumeXml(volume: Volume): Xml {
  const { instanceId } = volume;
  const attachment = {
    volumeId: volume.id,
    instanceId,
    device: volume.deviceName,
    status: 'attached',
    attachTime: volume.createTime,
    deleteOnTermination: volume.deleteOnTermination,
  };
  return {
    volumeId: volume.id,
    size: volume.sizeGiB,
    snapshotId: volume.snapshotId,
    availabilityZone: volume.zone,
    status: statusOf(volume),
    createTime: volume.createTime,
    attachmentSet: instanceId === null ? [] : [attachment],
    tagSet: tagSet(volume.tags),
    volumeType: volume.type,
    iops: 3_000,
    encrypted: volume.encrypted,
    multiAttachEnabled: false,
  };
}
