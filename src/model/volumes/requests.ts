import { DEVICE_LETTERS } from '../spec/parts/volumes.js';
import type { DataVolume } from '../spec/schema.js';

/** A data volume as a launch asks for it: the document's volume with its defaults settled. Plain JSON. */
export interface DataVolumeRequest {
  name: string;
  /** Name under which EC2 attaches it; the kernel gives it another one. */
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
  /** It outlives its instance and goes to the successor in the slot. */
  keep: boolean;
}

/** A volume with `keep` that Keelson has made for a slot. */
export interface KeptDataVolume {
  id: string;
  /** A volume stays in its zone, and so do the instances that get it. [docs: EBS] */
  zone: string;
  /** It has been mounted: it holds a file system. */
  used?: true;
}

/** The data volumes of each node of a group, in the order of the document. */
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
 * The zone to which the kept volumes of a slot bind its instances, or null.
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
