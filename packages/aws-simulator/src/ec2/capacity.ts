import { AwsError } from '../aws-error.js';
import type { Ec2Context } from './context.js';
import type { InstanceType } from './types.js';
import { isOffered } from './types.js';

/**
 * Capacity is available unless a fault plan at `capacity` says `none`, for a type, a zone, a launch or a start. It costs nothing and can
 * end at any time.
 * @throws InsufficientInstanceCapacity
 */
export function checkCapacity(
  { world, account }: Ec2Context,
  type: InstanceType,
  zone: string,
  operation: 'launch' | 'start',
  { instanceId, count = 1 }: { instanceId?: string; count?: number } = {},
): void {
  const moment = {
    region: account.region,
    zone,
    instanceType: type.name,
    operation,
    ...(instanceId && { instanceId }),
    count,
  };
  const fault = world.fault('capacity', moment);
  // All that one call asks for, or none.
  if (fault === undefined || count <= Number(fault.data?.['atMost'] ?? 0)) return;
  if (fault.error !== undefined) {
    throw new AwsError(
      fault.error.code,
      fault.error.status,
      fault.error.message ?? `${fault.error.code} by a fault plan`,
    );
  }
  const others = account.zones.filter((other) => other !== zone && isOffered(type, other));
  const message = `We currently do not have sufficient ${type.name} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity. You can currently get ${type.name} capacity by not specifying an Availability Zone in your request or choosing ${others.join(', ')}.`;
  throw new AwsError('InsufficientInstanceCapacity', 500, message);
}
