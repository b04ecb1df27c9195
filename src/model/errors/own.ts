import { alike, type KnownErrors } from './known.js';

/** Codes that Keelson itself gives. */
export const OWN_ERRORS: KnownErrors = {
  ...alike('Keelson', 'invalid', 'mend the paths that the message names', ['InvalidSpec']),
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
  ...alike('Keelson', 'invalid', 'choose a type with at least 2 GiB of memory for the servers', ['TypeTooSmall']),
  ...alike('Keelson', 'invalid', 'let spec.servers.rootVolume and those of the pools be as large as the image', [
    'VolumeTooSmall',
  ]),
  ...alike(
    'Keelson',
    'invalid',
    'name zones that have a subnet in pools[].zones, or a subnet of the zone in spec.network',
    ['ZoneWithoutSubnet'],
  ),
  ...alike('Keelson', 'invalid', 'name a VPC of this region in spec.network.vpcId, or make a default VPC', [
    'VpcUnknown',
    'NoDefaultVpc',
  ]),
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
  ...alike('Keelson', 'transient', 'see who else changes the security group; its rules are compared and set again', [
    'GroupRulesNotSeen',
  ]),
  ...alike('Keelson', 'node-script', 'see who else changes labels and taints of these nodes', ['LabelsNotSet']),
  ...alike('Keelson', 'conflict', 'nothing; the slot is planned again', [
    'InstanceLost',
    'InstanceMissing',
    'RotationWithdrawn',
    'SlotUnwanted',
    'NoServerUp',
  ]),
  ...alike('Keelson', 'node-script', 'see the lines of the log; it is on the node under /var/lib/keelson/jobs', [
    'NodeScriptFailed',
  ]),
  ...alike('Keelson', 'node-script', 'see what it waited for in the lines of the log', ['NodeScriptTimedOut']),
  ...alike(
    'Keelson',
    'node-script',
    'nothing; the node was started again in the middle, and the script may be repeated',
    ['NodeInterrupted'],
  ),
  ...alike('Keelson', 'node-script', "see that the node's SSM agent runs and reaches SSM", ['CommandUndelivered']),
  ...alike('Keelson', 'node-script', 'use a larger rootVolume, or clear the disk', ['DiskFull']),
  ...alike(
    'Keelson',
    'node-script',
    'see that nodes reach spec.k3s.mirror: route, DNS, proxy, security groups; and that it lets them read',
    ['MirrorUnreachable', 'MirrorRefused'],
  ),
  ...alike(
    'Keelson',
    'node-script',
    'see that nodes reach the bucket, and that the worker may read and write in it: nodes use its presigned URLs',
    ['BucketUnreachable', 'BucketRefused'],
  ),
  ...alike('Keelson', 'node-script', 'see who else stores tokens and kubeconfigs of the cluster; it is stored again', [
    'BucketChanged',
  ]),
  ...alike('Keelson', 'auth', 'find out who has replaced the disk or the key of the node, then replace the node', [
    'NodeKeyChanged',
  ]),
  ...alike('Keelson', 'node-script', 'use an image with openssl 1.1.1 or later', ['SealKeyMissing', 'UrlsUnreadable']),
  ...alike('Keelson', 'node-script', 'see whether a worker runs and SSM delivers its commands', ['UrlsMissing']),
  ...alike('Keelson', 'node-script', 'mend the script that the message names; what it said last is in the message', [
    'HookFailed',
  ]),
  ...alike('Keelson', 'node-script', 'give the script that the message names more time, in node.timeout', [
    'HookTimedOut',
  ]),
  ...alike('Keelson', 'node-script', 'check who else writes to the bucket; `keelson retry` stores the files again', [
    'FilesChanged',
  ]),
  ...alike('Keelson', 'node-script', 'see what K3s says in the message, and rotate again', ['RotationFailed']),
  ...alike('Keelson', 'node-script', 'raise spec.k3s.version, and rotate again', ['RotationUnsupported']),
  ...alike('Keelson', 'node-script', 'restart K3s on the servers that the message names', ['EncryptionHashesDiffer']),
  ...alike('Keelson', 'node-script', 'check the resources that the message names, and who holds them', [
    'ManifestNotDeleted',
  ]),
  ...alike('Keelson', 'node-script', 'use an image with bash, curl, openssl, systemd and the SSM agent', [
    'ToolMissing',
  ]),
  ...alike(
    'Keelson',
    'node-script',
    'put the CA of a proxy that inspects TLS into the image, and the CA certificates of the distribution; check the clock of the node',
    ['CertificateUntrusted'],
  ),
  ...alike('Keelson', 'node-script', "see the last lines of the service's journal in the message", ['ServiceFailed']),
  ...alike(
    'Keelson',
    'node-script',
    'see that the first server runs; if the token was changed by hand, put the old one back',
    ['TokenInvalid', 'TokenMissing', 'TokenRejected'],
  ),
  ...alike('Keelson', 'node-script', 'remove the Node of that name, if no instance of the cluster has it', [
    'NodeNameTaken',
  ]),
  ...alike('Keelson', 'node-script', 'take back the change to k3s.config that the other servers do not have', [
    'ConfigMismatch',
  ]),
  ...alike('Keelson', 'node-script', 'see pods with PodDisruptionBudgets that allow no disruption', ['DrainFailed']),
  ...alike('Keelson', 'node-script', 'delete the pods named, or set spec.upgrade.drain.force: they are lost then', [
    'DrainNeedsForce',
  ]),
  ...alike(
    'Keelson',
    'node-script',
    'move the pods named, or set spec.upgrade.drain.deleteEmptyDir: their emptyDir volumes are lost then',
    ['DrainNeedsEmptyDir'],
  ),
  ...alike(
    'Keelson',
    'node-script',
    'see the kubelet of the node named; no further node is changed before it is Ready, or the document is changed back',
    ['NodeNotReady'],
  ),
  ...alike('Keelson', 'node-script', 'see that the mirror has sha256sum-<arch>.txt beside the binary', [
    'ChecksumMissing',
  ]),
  ...alike('Keelson', 'node-script', "see that the binary is of the image's architecture and not cut short", [
    'BinaryUnusable',
  ]),
  ...alike('Keelson', 'node-script', 'use an image for x86_64 or arm64', ['ArchitectureUnknown']),
  ...alike('Keelson', 'node-script', 'see that the disk is neither full nor read-only', [
    'SnapshotFailed',
    'MountsLeft',
  ]),
  ...alike('Keelson', 'node-script', 'check that the API takes writes: see EtcdSpace, and admission webhooks', [
    'MarkerNotWritten',
  ]),
  ...alike('Keelson', 'node-script', 'find out what fills etcd; a snapshot has at most 5 GiB', ['SnapshotTooLarge']),
  ...alike('Keelson', 'transient', 'see who else writes below backups/ in the bucket; take another backup', [
    'BackupIncomplete',
  ]),
  ...alike(
    'Keelson',
    'conflict',
    'restore the backup into another name, or delete what is left first: keelson orphans',
    ['NameInUse'],
  ),
  ...alike('Keelson', 'conflict', 'spec.backup.keep decides how many backups of a cluster that is there stay', [
    'ClusterThere',
  ]),
  ...alike('Keelson', 'invalid', 'restore another backup: `keelson backups` lists them', [
    'BackupNotFound',
    'BackupUnreadable',
    'BackupOfAnother',
  ]),
  ...alike('Keelson', 'invalid', 'restore an older backup, or set spec.k3s.version to at least that of the backup', [
    'SnapshotTooNew',
  ]),
  ...alike('Keelson', 'node-script', 'restore another backup: `keelson backups` lists them', [
    'SnapshotDamaged',
    'SnapshotTokenMismatch',
    'RestoreFailed',
  ]),
  ...alike('Keelson', 'node-script', 'use an image with zstd, or install it on the node', ['ZstdMissing']),
  ...alike(
    'Keelson',
    'node-script',
    'find out who has written to the server while it was restored; the old data is kept beside',
    ['MarkerMismatch'],
  ),
  ...alike('Keelson', 'conflict', 'nothing; it is planned again', ['RestoreNotRehearsed', 'RestoreWithdrawn']),
  ...alike('Keelson', 'node-script', 'see that K3s runs on the node; the API answers with a quorum only', [
    'ApiUnreachable',
    'CertificateCheckFailed',
    'KubeconfigMissing',
    'NodeAbsent',
  ]),
  ...alike('Keelson', 'node-script', 'remove the member first; data of a voter is not set aside', ['MemberIsVoter']),
  ...alike('Keelson', 'node-script', 'use a host name or an address in spec.access.apiHostname', ['AddressInvalid']),
  ...alike('Keelson', 'transient', 'see the conditions of the nodes named, and what they have in common', [
    'NodesNotReady',
  ]),
  ...alike('Keelson', 'transient', 'see the conditions; nothing was taken down', ['QuorumGateClosed']),
  ...alike('Keelson', 'transient', 'nothing; the keys are deleted again', ['KeysLeft']),
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
  ...alike('Keelson', 'transient', 'see that a worker runs and reaches AWS; it is tried again', ['ActivityTimedOut']),
  ...alike('Keelson', 'unknown', 'report it as a defect, with the history of the workflow', [
    'SlotMissing',
    'UserDataMissing',
    'PlacementMissing',
    'JobResultMissing',
    'Unexpected',
    'Unknown',
  ]),
  ...alike('Keelson', 'conflict', '`keelson restore` restores the newest backup; see the message for what is left', [
    'QuorumLost',
  ]),
  ...alike('Keelson', 'conflict', '`keelson repair` does it, once; or mend it by hand', ['RepairNeeded']),
  ...alike('Keelson', 'conflict', 'see why nodes are lost (`keelson events`); `keelson repair` replaces them at once', [
    'RepairParked',
  ]),
  ...alike('Keelson', 'conflict', 'save what is on its disk; Keelson does nothing to it', ['OnlyServer']),
  ...alike('Keelson', 'conflict', 'mend one of the servers named by hand; nothing is done before', ['QuorumAtRisk']),
  ...alike(
    'Keelson',
    'conflict',
    'see whether SSM and the way to it are well (NAT gateway, endpoints, routes, profile); nothing is rebooted for that',
    ['AgentsUnreachable'],
  ),
  ...alike(
    'Keelson',
    'conflict',
    'give the subnet named a way to SSM: internet or NAT gateway, or the endpoints ssm, ssmmessages and ec2messages; see the instance profile',
    ['AgentNotRegistered'],
  ),
  ...alike('Keelson', 'conflict', 'see the SSM agent of the node named, or wait: it is tried again', ['AgentLost']),
  ...alike('Keelson', 'conflict', 'Keelson does nothing to it; find out who has launched or tagged it', [
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
  ...alike('Keelson', 'conflict', 'it is looked for again; if someone has detached it, terminate the instance', [
    'VolumeMissing',
  ]),
  ...alike(
    'Keelson',
    'conflict',
    'keep a subnet in the zone of the kept volume; to give its data up, delete the volume',
    ['VolumeInOtherZone'],
  ),
  ...alike('Keelson', 'conflict', 'see the volume in EC2; once it is deleted, the slot gets an empty one', [
    'VolumeUnusable',
  ]),
  ...alike('Keelson', 'not-found-yet', 'nothing; EC2 attaches volumes within seconds', ['VolumeNotAttached']),
  ...alike('Keelson', 'node-script', 'see lsblk and /dev/disk/by-id on the node', ['DeviceMissing']),
  ...alike(
    'Keelson',
    'node-script',
    'Keelson formats empty volumes only: save what the volume holds, or delete it and the slot gets an empty one',
    ['VolumeNotEmpty', 'VolumeEmptied'],
  ),
  ...alike('Keelson', 'node-script', 'move the files away, or choose another mountPath', ['MountPathInUse']),
  ...alike('Keelson', 'transient', 'see the KMS key of the volume, or set spec.health.keepVolume', [
    'VolumeSnapshotFailed',
  ]),
};
