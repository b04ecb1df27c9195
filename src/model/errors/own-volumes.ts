import { alike, type KnownErrors } from './known.js';

/** Codes of data volumes and of what keeps them. */
export const VOLUME_ERRORS: KnownErrors = {
  ...alike('Keelson', 'conflict', 'Keelson looks for it again; if someone has detached it, terminate the instance', [
    'VolumeMissing',
  ]),
  ...alike(
    'Keelson',
    'conflict',
    'keep a subnet in the zone of the kept volume in spec.network.subnetIds; to give its data up, delete the volume',
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
