/** Finds resources by id and answers with EC2's own errors for missing ones. */
import { AwsError } from '../aws-error.js';
import type { Ec2Instance, SecurityGroup, Snapshot, Volume } from './account.js';
import type { Ec2Context } from './context.js';
import { checkShape } from './ids.js';
import { about } from './lifecycle.js';
import { invalidValue } from './params.js';
import { findType, type InstanceType } from './types.js';

/** Terminated instances stay listed for about an hour. [docs: EC2 terminate] */
const LISTED_MS = 60 * 60_000;

export function isListed(instance: Ec2Instance): boolean {
  return instance.state !== 'terminated' || Date.now() - instance.changedAt < LISTED_MS;
}

/** Eventual consistency: a fault plan at `visible` with effect `not-found` hides a new resource. */
export function isVisible({ world }: Ec2Context, instance: Ec2Instance): boolean {
  return world.fault('visible', about(instance))?.effect !== 'not-found';
}

/** @throws InvalidInstanceID.Malformed, InvalidInstanceID.NotFound naming all missing ones */
export function findInstances(context: Ec2Context, ids: readonly string[]): Ec2Instance[] {
  checkShape(ids, 'i', 'InvalidInstanceID.Malformed');
  const found: Ec2Instance[] = [];
  const lacking: string[] = [];
  for (const id of ids) {
    const instance = context.account.instances.get(id);
    if (instance !== undefined && isListed(instance) && isVisible(context, instance)) found.push(instance);
    else lacking.push(id);
  }
  if (lacking.length === 0) return found;
  const many = lacking.length > 1;
  const message = `The instance ID${many ? 's' : ''} '${lacking.join(', ')}' do${many ? '' : 'es'} not exist`;
  throw new AwsError('InvalidInstanceID.NotFound', 400, message);
}

export function findInstance(context: Ec2Context, id: string): Ec2Instance {
  const [instance] = findInstances(context, [id]);
  if (instance === undefined) throw new AwsError('InternalError', 500, 'An internal error has occurred');
  return instance;
}

/** @throws InvalidGroup.NotFound, InvalidGroupId.Malformed */
export function findGroup({ world, account }: Ec2Context, id: string): SecurityGroup {
  checkShape([id], 'sg', 'InvalidGroupId.Malformed');
  const group = account.groups.get(id);
  const hidden = world.fault('visible', { groupId: id, region: account.region })?.effect === 'not-found';
  if (group !== undefined && !hidden) return group;
  throw new AwsError('InvalidGroup.NotFound', 400, `The security group '${id}' does not exist`);
}

/** @throws InvalidVolume.NotFound, InvalidParameterValue for a malformed id */
export function findVolume({ account }: Ec2Context, id: string): Volume {
  const volume = account.volumes.get(id);
  if (volume !== undefined) return volume;
  if (!/^vol-[0-9a-f]{8,17}$/.test(id)) throw invalidValue('volume', id, "Expected: 'vol-...'.");
  throw new AwsError('InvalidVolume.NotFound', 400, `The volume '${id}' does not exist.`);
}

/** @throws InvalidSnapshot.NotFound, InvalidSnapshotID.Malformed */
export function findSnapshot({ account }: Ec2Context, id: string): Snapshot {
  checkShape([id], 'snap', 'InvalidSnapshotID.Malformed');
  const snapshot = account.snapshots.get(id);
  if (snapshot !== undefined) return snapshot;
  throw new AwsError('InvalidSnapshot.NotFound', 400, `The snapshot '${id}' does not exist.`);
}

/** @throws InvalidParameterValue, as RunInstances does */
export function requireType(name: string): InstanceType {
  const type = findType(name);
  if (type === undefined) throw new AwsError('InvalidParameterValue', 400, `Invalid value '${name}' for InstanceType.`);
  return type;
}
