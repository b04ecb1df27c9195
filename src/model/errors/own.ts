import { alike, type KnownErrors } from './known.js';

/** Codes that Keelson gives for requests, documents, the account, repairs and ownership. */
export const OWN_ERRORS: KnownErrors = {
  ...alike('Keelson', 'invalid', 'correct the paths that the message names', ['InvalidSpec']),
  ...alike('Keelson', 'invalid', 'send what the message asks for', ['InvalidRequest']),
  ...alike('Keelson', 'invalid', 'use a region that exists and that is enabled for the account', ['RegionUnknown']),
  ...alike(
    'Keelson',
    'invalid',
    'use an instance type that the zones of the subnets offer, or subnets in other zones',
    ['TypeNotOffered', 'TypeUnknown'],
  ),
  ...alike('Keelson', 'invalid', "use an image of the type's architecture, or leave spec.image out", [
    'ArchitectureMismatch',
  ]),
  ...alike('Keelson', 'invalid', 'name an image that exists in this region', ['ImageNotFound']),
  ...alike('Keelson', 'invalid', 'name subnets of spec.network.vpcId', [
    'SubnetNotInVpc',
    'SubnetUnknown',
    'NoSubnets',
  ]),
  ...alike('Keelson', 'invalid', 'name security groups of the VPC', ['SecurityGroupNotInVpc', 'SecurityGroupUnknown']),
  ...alike('Keelson', 'invalid', 'choose networks for pods and services outside of the VPC, in spec.k3s.config', [
    'NetworkOverlap',
  ]),
  ...alike('Keelson', 'invalid', 'choose a type with at least 2 GiB of memory in spec.servers.instanceType', [
    'TypeTooSmall',
  ]),
  ...alike('Keelson', 'invalid', 'let spec.servers.rootVolume and those of the pools be as large as the image', [
    'VolumeTooSmall',
  ]),
  ...alike(
    'Keelson',
    'invalid',
    'name zones that have a subnet in pools[].zones, or a subnet of the zone in spec.network',
    ['ZoneWithoutSubnet'],
  ),
  ...alike('Keelson', 'invalid', 'name larger or further subnets in spec.network.subnetIds, or ask for fewer nodes', [
    'SubnetsTooSmall',
  ]),
  ...alike('Keelson', 'invalid', 'name a VPC of this region in spec.network.vpcId, or make a default VPC', [
    'VpcUnknown',
    'NoDefaultVpc',
  ]),
  ...alike('Keelson', 'not-found-yet', 'nothing; EC2 lists what it has launched after moments', ['LaunchNotListed']),
  ...alike(
    'Keelson',
    'throttled',
    'nothing: its turn comes; with clusters in several accounts or regions fewer wait for each other',
    ['AwaitsTurn'],
  ),
  ...alike(
    'Keelson',
    'invalid',
    'set spec.access.instanceProfile, or KEELSON_INSTANCE_PROFILE of the worker; deploy/ has a template',
    ['InstanceProfileMissing', 'InstanceProfileUnknown'],
  ),
  ...alike(
    'Keelson',
    'auth',
    'add the role of the profile to the parameter NodeRoleArns of the stack, or name another profile in spec.access.instanceProfile',
    ['PassRoleDenied'],
  ),
  ...alike(
    'Keelson',
    'auth',
    'give the security group the tag keelson-join with the id of the installation, or set the parameter GroupsByTag of the stack to false',
    ['GroupNotJoinable'],
  ),
  ...alike(
    'Keelson',
    'auth',
    'check that the role exists, that its trust policy names the role of the worker and the external id of the document, and that the policy of the worker allows sts:AssumeRole on it (parameter MemberRoleArns)',
    ['AssumeRoleRefused'],
  ),
  ...alike('Keelson', 'invalid', 'use a version that the mirror holds; see spec.k3s.version and spec.k3s.mirror', [
    'VersionNotFound',
  ]),
  ...alike(
    'Keelson',
    'invalid',
    'name an https mirror in spec.k3s.mirror, or pin the binary by spec.k3s.sha256; the operator may allow others by KEELSON_ALLOWED_MIRRORS',
    ['MirrorNotAllowed'],
  ),
  ...alike(
    'Keelson',
    'invalid',
    'name what the operator lists in KEELSON_ALLOWED_IMAGES, KEELSON_ALLOWED_SECURITY_GROUPS or KEELSON_ALLOWED_VPCS',
    ['ImageNotAllowed', 'SecurityGroupNotAllowed', 'VpcNotAllowed'],
  ),
  ...alike('Keelson', 'invalid', 'put an object of the usual size there; a document has at most 256 KiB', [
    'ObjectTooLarge',
  ]),
  ...alike('Keelson', 'invalid', 'compare spec.k3s.sha256 with the release; if they agree, distrust the mirror', [
    'ChecksumMismatch',
  ]),
  ...alike('Keelson', 'invalid', 'free space in the bucket, or raise its quota; keep fewer backups: spec.backup.keep', [
    'BucketFull',
  ]),
  ...alike('Keelson', 'invalid', 'create the bucket, or set KEELSON_BUCKET to one that exists', ['BucketMissing']),
  ...alike('Keelson', 'conflict', 'see the message: it is protected, or being deleted, or the plan has changed', [
    'Refused',
  ]),
  ...alike(
    'Keelson',
    'transient',
    'check who else changes the security group; Keelson compares and sets its rules again',
    ['GroupRulesNotSeen'],
  ),
  ...alike('Keelson', 'conflict', 'nothing; Keelson plans the slot again', [
    'InstanceLost',
    'InstanceMissing',
    'RotationWithdrawn',
    'SlotUnwanted',
    'NoServerUp',
  ]),
  ...alike('Keelson', 'transient', 'see the conditions of the nodes named, and what they have in common', [
    'NodesNotReady',
  ]),
  ...alike('Keelson', 'transient', 'see the conditions; nothing was taken down', ['QuorumGateClosed']),
  ...alike('Keelson', 'conflict', 'nothing; Keelson looks at the quorum again', ['QuorumSeenLongAgo']),
  ...alike('Keelson', 'transient', 'nothing; Keelson deletes the keys again', ['KeysLeft']),
  ...alike('Keelson', 'transient', 'check KEELSON_NOTIFY_* of the worker and the receiver; Keelson sends it again', [
    'NotificationFailed',
  ]),
  ...alike(
    'Keelson',
    'transient',
    'nothing; if it comes often, give the worker more CPU, or a better way to Temporal',
    ['WorkerStoodStill'],
  ),
  ...alike(
    'Keelson',
    'transient',
    'see the workflow region-watch/<region> in Temporal, the log of the worker, and whether the worker has CPU enough',
    ['RegionWatchFailed', 'RegionNotWatched'],
  ),
  ...alike('Keelson', 'transient', 'check that a worker runs and reaches AWS; Keelson tries again', [
    'ActivityTimedOut',
  ]),
  ...alike('Keelson', 'unknown', 'report it as a defect, with the history of the workflow', [
    'SlotMissing',
    'UserDataMissing',
    'LaunchConfigMissing',
    'JobResultMissing',
    'Unexpected',
    'Unknown',
  ]),
  ...alike('Keelson', 'conflict', '`keelson restore` restores the newest backup; see the message for what is left', [
    'QuorumLost',
  ]),
  ...alike('Keelson', 'conflict', '`keelson repair` does it, once; or repair it by hand', ['RepairApprovalRequired']),
  ...alike('Keelson', 'conflict', 'see why nodes are lost (`keelson events`); `keelson repair` replaces them at once', [
    'RepairRateLimited',
  ]),
  ...alike('Keelson', 'conflict', 'save the data on its disk; Keelson leaves it alone', ['SingleServer']),
  ...alike('Keelson', 'conflict', 'repair one of the servers named by hand: Keelson waits for that', ['QuorumAtRisk']),
  ...alike(
    'Keelson',
    'conflict',
    'check SSM and the way to it (NAT gateway, endpoints, routes, profile); Keelson reboots no node for it',
    ['AgentsUnreachable'],
  ),
  ...alike(
    'Keelson',
    'conflict',
    'give the subnet named a way to SSM: internet or NAT gateway, or the endpoints ssm, ssmmessages and ec2messages; see the instance profile',
    ['AgentNotRegistered'],
  ),
  ...alike('Keelson', 'conflict', 'see the SSM agent of the node named, or wait: Keelson tries again', ['AgentLost']),
  ...alike('Keelson', 'conflict', 'Keelson leaves it alone; find out who has launched or tagged it', [
    'ForeignInstance',
    'ForeignSecurityGroup',
  ]),
  ...alike('Keelson', 'conflict', 'use the namespace that the message names; or, when its workflow is gone, --adopt', [
    'OwnedByAnother',
    'OwnerUnknown',
    'NothingToAdopt',
    'OwnershipLost',
  ]),
  ...alike('Keelson', 'invalid', 'restore an earlier version of the object that the message names', [
    'InstallationUnreadable',
    'OwnerUnreadable',
  ]),
  ...alike('Keelson', 'invalid', 'set KEELSON_BUCKET and KEELSON_INSTALLATION of the same installation', [
    'InstallationMismatch',
    'InstallationUnknown',
  ]),
};
