import type { InstanceStatus } from '@aws-sdk/client-ec2';
import { STATUS_CHECKS, type StatusCheck } from '../../model/observation.js';

/** Returns the checks that fail; `initializing` and `insufficient-data` say nothing. [docs: EC2 status checks] */
export function failedChecks({ SystemStatus, InstanceStatus, AttachedEbsStatus }: InstanceStatus): StatusCheck[] {
  const status = { system: SystemStatus, instance: InstanceStatus, volume: AttachedEbsStatus };
  return STATUS_CHECKS.filter((check) => status[check]?.Status === 'impaired');
}
