import type { WantedSlot } from '../ids.js';
import type { Slot } from '../state.js';
import type { DataVolumeRequest } from './requests.js';

/** Returns the data volumes of the slot's present or next launch. */
export function volumesOf(slot: Slot | undefined, wanted: WantedSlot): DataVolumeRequest[] {
  const launch = slot?.instance ? slot.launch : null;
  return launch === null || launch === undefined ? wanted.volumes : (launch.volumes ?? []);
}

/** Returns whether Keelson must attach volumes before K3s starts. A member has the volumes of its launch. */
export function lacksVolumes(slot: Slot | undefined, wanted: WantedSlot): boolean {
  if (volumesOf(slot, wanted).length === 0) return false;
  return !slot?.instance || (!slot.joined && slot.volumesReady !== true);
}
