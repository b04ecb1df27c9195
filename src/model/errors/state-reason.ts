import { alike, type KnownErrors } from './known.js';

/**
 * Reasons for which EC2 ends an instance: the codes of StateReason. [doc comment of StateReason in @aws-sdk/client-ec2; docs: EC2, instance
 * terminates immediately; EBS encryption]
 */
export const STATE_REASONS: KnownErrors = {
  ...alike('EC2', 'capacity', 'wait, add subnets in other zones, or use another instance type', [
    'Server.InsufficientInstanceCapacity',
  ]),
  ...alike('EC2', 'capacity', 'EC2 has taken the Spot instance back: use On-Demand instances', [
    'Server.SpotInstanceShutdown',
    'Server.SpotInstanceTermination',
  ]),
  ...alike('EC2', 'quota', 'delete EBS volumes that are not used, or ask AWS for a higher quota of EBS storage', [
    'Client.VolumeLimitExceeded',
  ]),
  ...alike('EC2', 'transient', 'nothing; the launch is tried again', ['Server.InternalError']),
  ...alike('EC2', 'conflict', 'nothing; EC2 has retired the host, and the instance is started or replaced', [
    'Server.ScheduledStop',
  ]),
  ...alike(
    'EC2',
    'auth',
    "usually a missing KMS grant for the key of the volume: allow kms:CreateGrant (with kms:GrantIsForAWSResource), kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext, kms:ReEncrypt* and kms:Decrypt to the worker's role, in its policy and in the key's; then `keelson retry`",
    ['Client.InternalError'],
  ),
  ...alike(
    'EC2',
    'invalid',
    "enable the KMS key of the volume (the account's default EBS key, or the image's), or cancel its deletion; then `keelson retry`",
    ['Client.InvalidKMSKey.InvalidState'],
  ),
  ...alike('EC2', 'invalid', "the image's snapshot is deleted or not shared with this account: name another image", [
    'Client.InvalidSnapshot.NotFound',
  ]),
  ...alike(
    'EC2',
    'conflict',
    'someone has stopped or terminated it through the EC2 API: CloudTrail (StopInstances, TerminateInstances) tells who',
    ['Client.UserInitiatedShutdown', 'Client.UserInitiatedHibernate'],
  ),
  ...alike(
    'EC2',
    'conflict',
    'it was shut down from its own operating system: see its console output, user data and what runs on it',
    ['Client.InstanceInitiatedShutdown'],
  ),
  ...alike('EC2', 'conflict', 'make images of other instances: this one was ended for an AMI', [
    'Client.InstanceTerminated',
  ]),
};
