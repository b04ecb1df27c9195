import { AwsError } from '../../aws-error.js';
import type { Xml } from '../../xml.js';
import type { Snapshot } from '../account.js';
import type { Action, Ec2Context } from '../context.js';
import { type Fields, filtered } from '../filters.js';
import { findSnapshot, findVolume } from '../find.js';
import { newId } from '../ids.js';
import { ACCOUNT_ID } from '../network.js';
import { pageOf } from '../pages.js';
import { specifiedTags, tagSet } from '../tags.js';

/** [docs: EC2 DescribeSnapshots, filters] */
const FIELDS: Fields<Snapshot> = {
  description: ({ description }) => description,
  encrypted: ({ encrypted }) => String(encrypted),
  'owner-id': () => ACCOUNT_ID,
  'snapshot-id': ({ id }) => id,
  'start-time': ({ startTime }) => startTime,
  status: statusOf,
  'volume-id': ({ volumeId }) => volumeId,
  'volume-size': ({ sizeGiB }) => String(sizeGiB),
};

/** Holds the volume as it is at this moment, attached or not; `pending` until it is stored. [docs: EC2 CreateSnapshot] */
export const createSnapshot: Action = (context, params) => {
  const volume = findVolume(context, params.required('VolumeId'));
  const tags = specifiedTags(params, 'snapshot');
  const snapshot: Snapshot = {
    id: newId('snap'),
    volumeId: volume.id,
    sizeGiB: volume.sizeGiB,
    encrypted: volume.encrypted,
    description: params.text('Description') ?? '',
    startTime: new Date().toISOString(),
    completeAt: Date.now() + context.world.profile.snapshot,
    tags,
  };
  context.account.snapshots.set(snapshot.id, snapshot);
  return snapshotXml(snapshot);
};

export const describeSnapshots: Action = (context, params) => {
  const ids = params.list('SnapshotId');
  if (ids.length > 0 && params.has('MaxResults')) {
    const message = 'The parameter snapshotSet cannot be used with the parameter maxResults';
    throw new AwsError('InvalidParameterCombination', 400, message);
  }
  const owners = params.list('Owner');
  const owned = owners.length === 0 || owners.some((owner) => owner === 'self' || owner === ACCOUNT_ID);
  const all = ids.length > 0 ? ids.map((id) => findSnapshot(context, id)) : context.account.snapshots.values();
  const page = pageOf(filtered(owned ? all : [], params, FIELDS), params, ({ id }) => id);
  return { snapshotSet: page.items.map(snapshotXml), nextToken: page.nextToken };
};

export const deleteSnapshot: Action = (context: Ec2Context, params) => {
  const snapshot = findSnapshot(context, params.required('SnapshotId'));
  context.account.snapshots.delete(snapshot.id);
  return { return: true };
};

function statusOf({ completeAt }: Snapshot): string {
  return Date.now() < completeAt ? 'pending' : 'completed';
}

function snapshotXml(snapshot: Snapshot): { [name: string]: Xml } {
  const status = statusOf(snapshot);
  return {
    snapshotId: snapshot.id,
    volumeId: snapshot.volumeId,
    status,
    startTime: snapshot.startTime,
    progress: status === 'completed' ? '100%' : '0%',
    ownerId: ACCOUNT_ID,
    volumeSize: snapshot.sizeGiB,
    description: snapshot.description,
    encrypted: snapshot.encrypted,
    tagSet: tagSet(snapshot.tags),
  };
}
