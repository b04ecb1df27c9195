import type { WantedSlot } from '../ids.js';
import type { Slot } from '../state.js';
import type { DataVolumeRequest } from './requests.js';

/** The data volumes that the slot's instance was launched with, or is to be launched with. */
export function volumesOf(slot: Slot | undefined, wanted: WantedSlot): DataVolumeRequest[] {
  const launch = slot?.instance ? slot.launch : null;
  return launch === null || launch === undefined ? wanted.volumes : (launch.volumes ?? []);
}

/** Whether volumes are to be attached before K3s starts. A node that is a member has those that it was launched with. */
export function lacksVolumes(slot: Slot | undefined, wanted: WantedSlot): boolean {
  if (volumesOf(slot, wanted).length === 0) return false;
  return !slot?.instance || (!slot.joined && slot.volumesReady !== true);
}
