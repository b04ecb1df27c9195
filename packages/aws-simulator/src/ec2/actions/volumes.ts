import { AwsError } from '../../aws-error.js';
import type { Xml } from '../../xml.js';
import type { Volume } from '../account.js';
import type { Action } from '../context.js';
import { type Fields, filtered } from '../filters.js';
import { findVolume } from '../find.js';
import { newId } from '../ids.js';
import { pageOf } from '../pages.js';
import { missing } from '../params.js';
import { specifiedTags, tagSet } from '../tags.js';
import { readFigures } from '../volume-figures.js';

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

/** Empty, in one zone, and idempotent by its ClientToken. [docs: EC2 CreateVolume; EC2 API idempotency] */
export const createVolume: Action = (context, params) => {
  const { account } = context;
  const zone = params.required('AvailabilityZone');
  if (!account.zones.includes(zone))
    throw new AwsError('InvalidZone.NotFound', 400, `The zone '${zone}' does not exist.`);
  const sizeGiB = params.integer('Size');
  if (sizeGiB === undefined) throw missing('Size/SnapshotId');
  const figures = readFigures(params, sizeGiB);
  const tags = specifiedTags(params, 'volume');
  const token = params.text('ClientToken');
  const fingerprint = JSON.stringify([zone, figures, tags]);
  const used = token === undefined ? undefined : account.tokens.get(`volume/${zone}/${token}`);
  if (used !== undefined && used.fingerprint !== fingerprint) {
    const message = 'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).';
    throw new AwsError('IdempotentParameterMismatch', 400, message);
  }
  const same = account.volumes.get(used?.instanceIds[0] ?? '');
  if (same !== undefined) return volumeXml(same);
  const volume: Volume = {
    id: newId('vol'),
    zone,
    ...figures,
    snapshotId: '',
    createTime: new Date().toISOString(),
    instanceId: null,
    attachedAt: 0,
    deviceName: '',
    deleteOnTermination: false,
    tags,
  };
  account.volumes.set(volume.id, volume);
  if (token !== undefined) account.tokens.set(`volume/${zone}/${token}`, { fingerprint, instanceIds: [volume.id] });
  return volumeXml(volume);
};

export const deleteVolume: Action = (context, params) => {
  const volume = findVolume(context, params.required('VolumeId'));
  if (volume.instanceId !== null) {
    const message = `Volume ${volume.id} is currently attached to ${volume.instanceId}`;
    throw new AwsError('VolumeInUse', 400, message);
  }
  context.account.volumes.delete(volume.id);
  context.host.erase?.(volume.id);
  return { return: true };
};

function statusOf({ instanceId }: Volume): string {
  return instanceId === null ? 'available' : 'in-use';
}

export function attachmentXml(volume: Volume): { [name: string]: Xml } {
  return {
    volumeId: volume.id,
    instanceId: volume.instanceId,
    device: volume.deviceName,
    status: Date.now() < volume.attachedAt ? 'attaching' : 'attached',
    attachTime: volume.createTime,
    deleteOnTermination: volume.deleteOnTermination,
  };
}

function volumeXml(volume: Volume): { [name: string]: Xml } {
  return {
    volumeId: volume.id,
    size: volume.sizeGiB,
    snapshotId: volume.snapshotId,
    availabilityZone: volume.zone,
    status: statusOf(volume),
    createTime: volume.createTime,
    attachmentSet: volume.instanceId === null ? [] : [attachmentXml(volume)],
    tagSet: tagSet(volume.tags),
    volumeType: volume.type,
    iops: volume.iops,
    throughput: volume.throughput,
    kmsKeyId: volume.kmsKeyId,
    encrypted: volume.encrypted,
    multiAttachEnabled: false,
  };
}
