import type { ClusterState } from './state.js';

const DAY_MS = 86_400_000;

/** Returns whether the pinned image is older than the document allows for a new instance. */
export function isImageTooOld({ document, launchConfigAt }: ClusterState, now: string): boolean {
  const { image } = document.spec;
  const days = image !== undefined && 'maxAgeDays' in image ? image.maxAgeDays : undefined;
  return days !== undefined && launchConfigAt !== null && Date.parse(now) - Date.parse(launchConfigAt) > days * DAY_MS;
}
