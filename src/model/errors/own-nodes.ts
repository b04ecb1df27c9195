import { alike, type KnownErrors } from './known.js';

/** Codes that scripts on nodes give, and what Keelson calls the end of a job. */
export const NODE_ERRORS: KnownErrors = {
  ...alike('Keelson', 'node-script', 'check who else changes labels and taints of these nodes', ['LabelsNotSet']),
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
  ...alike('Keelson', 'node-script', "check that the node's SSM agent runs and reaches SSM", ['CommandUndelivered']),
  ...alike('Keelson', 'node-script', 'use a larger rootVolume, or clear the disk', ['DiskFull']),
  ...alike(
    'Keelson',
    'node-script',
    'check that nodes reach spec.k3s.mirror: route, DNS, proxy, security groups; and that it lets them read',
    ['MirrorUnreachable', 'MirrorRefused'],
  ),
  ...alike(
    'Keelson',
    'node-script',
    'check that nodes reach the bucket, and that the worker may read and write in it: nodes use its presigned URLs',
    ['BucketUnreachable', 'BucketRefused'],
  ),
  ...alike(
    'Keelson',
    'node-script',
    'check who else stores tokens and kubeconfigs of the cluster; Keelson stores it again',
    ['BucketChanged'],
  ),
  ...alike('Keelson', 'auth', 'find out who has replaced the disk or the key of the node, then replace the node', [
    'NodeKeyChanged',
  ]),
  ...alike('Keelson', 'node-script', 'use an image with openssl 1.1.1 or later', ['SealKeyMissing', 'UrlsUnreadable']),
  ...alike('Keelson', 'conflict', 'nothing; Keelson replaces the node, which no other node has joined', [
    'FoundedOtherwise',
  ]),
  ...alike('Keelson', 'node-script', 'check whether a worker runs and SSM delivers its commands', ['UrlsMissing']),
  ...alike('Keelson', 'node-script', 'correct the script that the message names; what it said last is in the message', [
    'HookFailed',
  ]),
  ...alike('Keelson', 'node-script', 'give the script that the message names more time, in node.timeout', [
    'HookTimedOut',
  ]),
  ...alike('Keelson', 'node-script', 'check who else writes to the bucket; `keelson retry` stores the files again', [
    'FilesChanged',
  ]),
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
    'check that the first server runs; if the token was changed by hand, put the old one back',
    ['TokenInvalid', 'TokenMissing', 'TokenRejected'],
  ),
  ...alike('Keelson', 'node-script', 'remove the Node of that name, if no instance of the cluster has it', [
    'NodeNameTaken',
  ]),
  ...alike('Keelson', 'node-script', 'take back the change to k3s.config that the other servers do not have', [
    'ConfigMismatch',
  ]),
  ...alike(
    'Keelson',
    'node-script',
    'see which pods remain on the node, and PodDisruptionBudgets that allow no disruption',
    ['DrainFailed'],
  ),
  ...alike(
    'Keelson',
    'conflict',
    'run more replicas of the pods named, or let their PodDisruptionBudget allow one to be away',
    ['DrainHeld'],
  ),
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
  ...alike('Keelson', 'node-script', 'check that the mirror has sha256sum-<arch>.txt beside the binary', [
    'ChecksumMissing',
  ]),
  ...alike('Keelson', 'node-script', "check that the binary is of the image's architecture and not cut short", [
    'BinaryUnusable',
  ]),
  ...alike('Keelson', 'node-script', 'use an image for x86_64 or arm64', ['ArchitectureUnknown']),
  ...alike('Keelson', 'node-script', 'check that K3s runs on the node; the API answers with a quorum only', [
    'ApiUnreachable',
    'CertificateCheckFailed',
    'KubeconfigMissing',
    'NodeAbsent',
  ]),
  ...alike('Keelson', 'node-script', 'remove the member first; data of a voter is not set aside', ['MemberIsVoter']),
  ...alike('Keelson', 'node-script', 'use a host name or an address in spec.access.apiHostname', ['AddressInvalid']),
};
