import { alike, type KnownErrors } from './known.js';

/** Codes of EC2. [docs: EC2 API reference, error codes; EC2 API idempotency; eventual consistency] */
export const EC2_ERRORS: KnownErrors = {
  ...alike(
    'EC2',
    'throttled',
    'nothing; if it lasts, ask AWS for a higher API rate or run fewer clusters per account and region',
    ['RequestLimitExceeded', 'EC2ThrottledException', 'RequestResourceCountExceeded'],
  ),
  ...alike('EC2', 'not-found-yet', 'nothing; EC2 shows new things after seconds to minutes', [
    'InvalidInstanceID.NotFound',
    'InvalidGroup.NotFound',
    'InvalidGroupId.NotFound',
    'InvalidSecurityGroupID.NotFound',
    'InvalidVolume.NotFound',
    'InvalidNetworkInterfaceID.NotFound',
  ]),
  ...alike('EC2', 'capacity', 'wait, add subnets in other zones, or use another instance type', [
    'InsufficientInstanceCapacity',
    'InsufficientHostCapacity',
    'InsufficientReservedInstanceCapacity',
    'InsufficientCapacity',
    'InsufficientCapacityOnHost',
    'Unsupported',
  ]),
  ...alike(
    'EC2',
    'capacity',
    'free capacity in the reservation that capacityReservation names, make it larger, or let it fit the instance type and a zone of the subnets',
    ['ReservationCapacityExceeded'],
  ),
  ...alike('EC2', 'invalid', 'name an active capacity reservation of this region that this account may use', [
    'InvalidCapacityReservationId.NotFound',
    'InvalidCapacityReservationId.Malformed',
    'InvalidCapacityReservationState',
  ]),
  ...alike('EC2', 'capacity', 'free addresses in the subnet, or add another subnet', [
    'InsufficientFreeAddressesInSubnet',
    'InsufficientAddressCapacity',
  ]),
  ...alike('EC2', 'quota', 'ask AWS for a higher quota, or use smaller or fewer instances', [
    'InstanceLimitExceeded',
    'VcpuLimitExceeded',
    'MaxSpotInstanceCountExceeded',
    'VolumeLimitExceeded',
    'MaxIOPSLimitExceeded',
    'SecurityGroupLimitExceeded',
    'SecurityGroupsPerInterfaceLimitExceeded',
    'SecurityGroupsPerInstanceLimitExceeded',
    'NetworkInterfaceLimitExceeded',
    'PrivateIpAddressLimitExceeded',
    'ResourceLimitExceeded',
    'TagLimitExceeded',
  ]),
  ...alike(
    'EC2',
    'quota',
    'join networks of spec.access.apiCidrs into larger ones, or ask AWS for more rules per security group',
    ['RulesPerSecurityGroupLimitExceeded'],
  ),
  ...alike('EC2', 'conflict', 'nothing; the slot gets a new generation with a new token', [
    'IdempotentParameterMismatch',
    'IdempotentInstanceTerminated',
  ]),
  ...alike('EC2', 'conflict', 'nothing; it is tried again when the instance has settled', [
    'IncorrectInstanceState',
    'IncorrectState',
    'IncorrectSpotRequestState',
    'InvalidInstanceID',
    'ConcurrentCreateOrRestoreVolume',
    'VolumeInUse',
    'Resource.AlreadyAssociated',
  ]),
  ...alike('EC2', 'conflict', "take away what still uses it, if that is not Keelson's", [
    'DependencyViolation',
    'InvalidGroup.InUse',
  ]),
  ...alike('EC2', 'conflict', "see who else manages this cluster's security group", [
    'InvalidGroup.Duplicate',
    'InvalidPermission.Duplicate',
    'InvalidPermission.NotFound',
  ]),
  ...alike('EC2', 'conflict', 'switch off termination and stop protection of the instance', ['OperationNotPermitted']),
  ...alike('EC2', 'invalid', 'name an image that exists in this region and that this account may use', [
    'InvalidAMIID.NotFound',
    'InvalidAMIID.Malformed',
    'InvalidAMIID.Unavailable',
  ]),
  ...alike('EC2', 'invalid', 'name subnets of the VPC in spec.network.subnetIds', [
    'InvalidSubnetID.NotFound',
    'InvalidSubnetId.Malformed',
    'InvalidSubnet',
    'InvalidSubnet.Conflict',
  ]),
  ...alike('EC2', 'invalid', 'name a VPC of this region in spec.network.vpcId, or make a default VPC', [
    'InvalidVpcID.NotFound',
    'InvalidVpcId.Malformed',
    'VPCIdNotSpecified',
    'DefaultVpcDoesNotExist',
    'MissingDefaultVpc',
  ]),
  ...alike('EC2', 'invalid', 'name security groups of the VPC in spec.network.securityGroupIds', [
    'InvalidGroupId.Malformed',
    'InvalidSecurityGroupID.Malformed',
    'SecurityGroupNotFound',
  ]),
  ...alike('EC2', 'invalid', 'use an instance type that this region offers', [
    'InvalidInstanceType',
    'InvalidInstanceAttributeValue',
  ]),
  ...alike('EC2', 'invalid', 'see the message for the id', [
    'InvalidInstanceID.Malformed',
    'InvalidBlockDeviceMapping',
    'InvalidUserData.Malformed',
  ]),
  ...alike('EC2', 'invalid', "allow the account's EBS key to the worker, or use another key", [
    'InvalidKMSKey.InvalidState',
    'InvalidKMSKey.NotFound',
    'KMSKeyNotAccessibleFault',
  ]),
  ...alike('EC2', 'transient', 'nothing; the launch is tried again', ['InternalErrorOnLaunch']),
};
