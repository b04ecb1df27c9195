import { DEVICE_LETTERS } from '../spec/parts/volumes.js';
import type { DataVolume } from '../spec/schema.js';

/** A data volume for a launch: the document's volume with its defaults. Plain JSON. */
export interface DataVolumeRequest {
  name: string;
  /** Name under which EC2 attaches it; the kernel uses another one. */
  device: string;
  sizeGiB: number;
  type: string;
  encrypted: boolean;
  kmsKeyId?: string | undefined;
  iops?: number | undefined;
  throughput?: number | undefined;
  /** Null for a raw volume. */
  mountPath: string | null;
  filesystem: 'ext4' | 'xfs';
  /** It outlives its instance and goes to the slot's next one. */
  keep: boolean;
}

/** A volume with `keep` that Keelson has made for a slot. */
export interface KeptDataVolume {
  id: string;
  /** A volume stays in its zone, and so do its instances. [docs: EBS] */
  zone: string;
  /** It was mounted: it holds a file system. */
  used?: true;
}

/** Returns the data volumes of each node of a group, in the order of the document. */
export function dataVolumesOf(volumes: readonly DataVolume[]): DataVolumeRequest[] {
  return volumes.map(({ mountPath, filesystem, device, ...volume }, index) => ({
    ...volume,
    device: device ?? deviceAt(index),
    mountPath: mountPath ?? null,
    filesystem: filesystem ?? 'ext4',
  }));
}

export const deviceAt = (index: number): string => `/dev/sd${DEVICE_LETTERS[index] ?? ''}`;

/**
 * Returns the zone to which the kept volumes of a slot bind its instances, or null.
 *
 * @param kept volumes of the slot by name
 */
export function zoneOfKept(
  volumes: readonly DataVolumeRequest[],
  kept: Readonly<Record<string, KeptDataVolume>> | undefined,
): string | null {
  for (const { name, keep } of volumes) {
    const volume = keep ? kept?.[name] : undefined;
    if (volume !== undefined) return volume.zone;
  }
  return null;
}
